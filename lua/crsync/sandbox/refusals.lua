--- What the service refuses with: codes, each with its status and words as documented. Data, and the tables made of it.
--- https://www.alibabacloud.com/help/en/acr/developer-reference/api-cr-2018-12-01-overview

local refusals = {}

local ROWS = {
  -- of the gateway
  { "IncompleteSignature", 400, "The request signature does not conform to Aliyun standards." },
  { "InvalidSignatureMethod", 400, "Specified signature method is not valid." },
  { "SignatureDoesNotMatch", 400, "Specified signature does not match our calculation." },
  { "SignatureNonceUsed", 400, "Specified signature nonce was used already." },
  { "InvalidTimeStamp.Format", 400, "Specified time stamp or date value is not well formatted." },
  { "InvalidTimeStamp.Expired", 400, "Specified time stamp or date value is expired." },
  { "InvalidAccessKeyId.NotFound", 404, "Specified access key is not found." },
  { "InvalidAccessKeyId.Inactive", 400, "Specified access key is disabled." },
  { "InvalidSecurityToken.Expired", 400, "Specified SecurityToken is expired." },
  { "InvalidSecurityToken.MismatchWithAccessKey", 400, "Specified SecurityToken mismatch with the AccessKey." },
  { "MissingSecurityToken", 400, "SecurityToken is mandatory for this action." },
  { "MissingParameter", 400, "A parameter that is mandatory for processing this request is not supplied." },
  { "InvalidParameter", 400, "The specified parameter is not valid." },
  { "InvalidVersion", 400, "Specified parameter Version is not valid." },
  { "InvalidAction.NotFound", 404, "Specified api is not found, please check your url and method." },
  { "UnsupportedHTTPMethod", 400, "This http method is not supported." },
  { "Throttling", 400, "Request was denied due to request throttling." },
  { "Throttling.User", 400, "Request was denied due to user flow control." },
  { "Throttling.Api", 400, "Request was denied due to api flow control." },
  { "InternalError", 500, "The request processing has failed due to some unknown error, exception or failure." },
  { "ServiceUnavailable", 503, "The request has failed due to a temporary failure of the server." },
  { "ServiceUnavailableTemporary", 503, "Service Unavailable Temporary." },
  -- of the registry
  { "NoPrivilege", 403, "Access denied for this user." },
  { "NoPermission", 403, "You are not authorized to perform this operation." },
  { "AUTHENTICATION_FAILED", 403, "Authentication failed." },
  { "SystemError", 500, "Unknown error." },
  { "SYNC_TASK_NOT_EXIST", 400, "Sync task is not exist." },
  { "SYNC_RULE_NOT_EXIST", 400, "Sync rule is not exist." },
  { "INSTANCE_NOT_EXIST", 400, "instance is not exist." },
  { "NAMESPACE_NOT_EXIST", 400, "namespace is not exist." },
  { "REPO_NOT_EXIST", 400, "repo is not exist." },
}

local by_code = {}
for _, row in ipairs(ROWS) do by_code[row[1]] = row end

---@class crsync.sandbox.Refusal
---@field status integer
---@field code string
---@field message string

--- A refusal with a documented code; with a message of its own where it can say more.
---@param code string
---@param message string|nil
---@param status integer|nil  another than the documented one
---@return crsync.sandbox.Refusal
function refusals.of(code, message, status)
  local row = by_code[code] or { code, 400, "The request was refused." }
  return { status = status or row[2], code = code, message = message or row[3] }
end

--- A parameter that must be given and is not.
function refusals.missing(name) return refusals.of("Missing" .. name, name .. " is mandatory for this action.") end

--- A parameter with a value that it cannot have.
function refusals.invalid(name, why)
  return refusals.of("InvalidParameter", ("The specified parameter \"%s\" is not valid: %s."):format(name, why))
end

return refusals
