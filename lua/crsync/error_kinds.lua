--- The kinds of errors, and the fields that an error has: one row each. The error's text, the types for editors and the
--- tables of the documentation come from here (`make docs`). How a kind is found is csrc/error_kind.c's. Data.

---@class crsync.ErrorKindRow
---@field name string
---@field plain string       what it means where nothing better is known
---@field when string        when it occurs, for people
---@field again string|nil   whether it is tried again, for people; nil: never

local error_kinds = {}

---@type crsync.ErrorKindRow[]
error_kinds.kinds = {
  { name = "config", plain = "configuration error",
    when = "missing or contradictory configuration; says what was looked for" },
  { name = "credentials", plain = "no usable credentials", when = "no keys found, or their source failed" },
  { name = "auth", plain = "refused",
    when = "refused: wrong key or secret, expired token, missing permission (the hint names the RAM action)",
    again = "once, after an expired token, if the source of the keys can be asked again" },
  { name = "not_found", plain = "not found",
    when = "the instance, task or rule is not there (`…_NOT_EXIST`, `….NotFound`, 404)" },
  { name = "throttled", plain = "the service asks to slow down", when = "`Throttling…`, 429", again = "yes" },
  { name = "server", plain = "the service failed", when = "5xx; an HTML, XML or empty page in place of an error",
    again = "yes" },
  { name = "client", plain = "refused", when = "any other refusal; a redirect, which is never followed",
    again = "once, after a refused clock or nonce" },
  { name = "network", plain = "network failure",
    when = "name look-up, connect, reset, cut-off response, proxy, a peer that speaks no HTTP", again = "yes" },
  { name = "timeout", plain = "timed out", when = "an attempt's or the call's limit",
    again = "yes, within the deadline" },
  { name = "tls", plain = "TLS failure", when = "certificate, its name, its expiry, the handshake" },
  { name = "decode", plain = "the response cannot be understood",
    when = "HTTP 200 that is no JSON or no result, a documented field of the wrong type, too large, too deep" },
  { name = "task", plain = "the task did not succeed",
    when = "a wait ended without success: `code` is `ERROR`, `CANCELED`, `timeout` or `stalled`" },
}

---@class crsync.ErrorFieldRow
---@field name string
---@field annotation string  its type for editors
---@field line string

---@type crsync.ErrorFieldRow[]
error_kinds.fields = {
  { name = "kind", annotation = "crsync.Kind", line = "one of the kinds above" },
  { name = "message", annotation = "string", line = "what failed, in words" },
  { name = "code", annotation = "string|nil", line = "the service's code; for kind `task` how the wait ended" },
  { name = "status", annotation = "integer|nil", line = "HTTP status" },
  { name = "request_id", annotation = "string|nil", line = "the service's id of the request" },
  { name = "endpoint", annotation = "string|nil", line = "host that was asked" },
  { name = "action", annotation = "string|nil", line = "operation" },
  { name = "attempts", annotation = "integer", line = "requests made for the call" },
  { name = "retryable", annotation = "boolean", line = "whether the same call may succeed later" },
  { name = "denied_action", annotation = "string|nil",
    line = "the RAM action that a policy denies, where the service says which" },
  { name = "hint", annotation = "string|nil", line = "a known remedy" },
  { name = "retry_after", annotation = "number|nil", line = "seconds that the service asks to wait" },
  { name = "task", annotation = "crsync.Task|nil", line = "the last task seen, when a wait ended" },
  { name = "task_id", annotation = "string|nil", line = "the id of the task that was asked for" },
  { name = "issue", annotation = "string|nil", line = "the `TaskIssue` of the last task seen, when a wait ended" },
  { name = "trouble", annotation = "crsync.Error|nil",
    line = "when a wait timed out or stalled while asking failed: what the last look failed with" },
  { name = "results", annotation = "crsync.WaitResult[]|nil",
    line = "when fewer tasks appeared than were expected: how those that did have ended" },
  { name = "sent", annotation = "boolean|nil", line = "`false`: no byte of the request has left this machine" },
  { name = "shared", annotation = "boolean|nil",
    line = "`true`: the connection, or one kept beside it, had failed another call too" },
  { name = "login_refused", annotation = "boolean|nil", line = "`true`: the proxy wants another login, or one at all" },
  { name = "curl_code", annotation = "integer|nil", line = "libcurl's CURLcode" },
  { name = "verify_result", annotation = "integer|nil", line = "OpenSSL's verdict on the certificate" },
  { name = "clock_difference", annotation = "integer|nil",
    line = "seconds by which the service's clock is ahead of this machine's" },
}

-- Seconds. Clocks that differ by less agree: `Date` has whole seconds, and an answer may lie a while before it is read.
error_kinds.SAME_CLOCK = 60

return error_kinds
