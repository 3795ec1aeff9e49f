--- The service's words for how a task is doing: which of them are final, and what each reason of a failure means. Data.
--- https://www.alibabacloud.com/help/en/acr/developer-reference/api-cr-2018-12-01-getreposynctask

local statuses = {}

--- The documented words.
statuses.words = { "PENDING", "SYNCHRONIZING", "SUCCESS", "ERROR", "CANCELED" }

--- Words after which a task does not change any more. Any other word, a new one among them, means that it goes on.
---@type table<string, boolean>
statuses.final = { SUCCESS = true, ERROR = true, CANCELED = true }

--- Those of them that are not what was wished for.
---@type table<string, boolean>
statuses.failed = { ERROR = true, CANCELED = true }

--- What is told of a task that was not seen yet.
statuses.unseen = "UNKNOWN"

--- What each documented TaskIssue means and what to do about it.
---@type table<string, string>
statuses.issues = {
  NETWORK_ERROR = "the network between the registries was unstable; a new task may succeed",
  INTERNAL_ERROR = "the service failed; a new task may succeed",
  TAG_CONFLICT = "the tag exists at the destination and tags are immutable there; use another tag",
  OSS_POLICY_UNAUTHORIZED = "the registry may not write to its OSS bucket; grant it that, then start a new task",
  UNSUPPORTED_FORMAT = "the image's manifest or config has a format that cannot be synchronized",
  DATA_LENGTH_EXCEEDED = "the image's manifest or config is too large",
}

return statuses
