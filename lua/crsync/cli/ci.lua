--- What the log of a CI job makes of lines: folds, annotations, and commands hidden in foreign text, which must not
--- come true. The environment tells whose log it is: that of GitHub Actions, of GitLab, or none.
--- https://docs.github.com/actions/reference/workflow-commands-for-github-actions
--- https://docs.gitlab.com/ci/jobs/job_logs/

local core = require "crsync.core"
local variables = require "crsync.variables"

---@class crsync.cli.Log
---@field shows_color boolean                            though it is no terminal
---@field line fun(s: string): string                    lines of text in which nothing is a command
---@field failure fun(title: string, s: string): string  a line that says what has failed; made harmless here
---@field fold fun(title: string): string, string        what begins a fold, and what ends it; empty: there are none

local ci = {}

---@type crsync.cli.Log
local NONE = {
  shows_color = false,
  line = function(s) return s end,
  failure = function(_, s) return s end,
  fold = function() return "", "" end,
}

-- ---- GitHub Actions ---------------------------------------------------------------------------------------

local function escaped_by(set)
  return function(s)
    return (s:gsub(set, function(c) return ("%%%02X"):format(c:byte()) end))
  end
end

local as_data, as_property = escaped_by "[%%\r\n]", escaped_by "[%%\r\n:,]"

-- A command begins with :: after any blanks, some of which are beyond ASCII; an older form stands anywhere in a line.
local function without_commands(s)
  return (s:gsub("[^\r\n]+", function(line)
    return (line:gsub("^([%s\128-\255]*)::", "%1\\::"):gsub("##%[", "##\\["))
  end))
end

---@type crsync.cli.Log
local GITHUB = {
  shows_color = false, -- it paints annotations itself
  line = without_commands,
  failure = function(title, s) return ("::error title=%s::%s"):format(as_property(title), as_data(s)) end,
  fold = function(title) return "::group::" .. as_data(title) .. "\n", "::endgroup::\n" end,
}

-- ---- GitLab -----------------------------------------------------------------------------------------------

-- Its markers need a carriage return and an escape, which no text for people has.
---@type crsync.cli.Log
local GITLAB = {
  shows_color = true,
  line = NONE.line,
  failure = NONE.failure,
  fold = function(title)
    local name = ("crsync_%d_%d"):format(os.time(), math.floor(core.random() * 1e6))
    local function marker(what, more)
      return ("\27[0Ksection_%s:%d:%s%s\r\27[0K"):format(what, os.time(), name, more)
    end
    return marker("start", "[collapsed=true]") .. title .. "\n", marker("end", "") .. "\n"
  end,
}

-- ---- which ------------------------------------------------------------------------------------------------

--- The log that is written to; nil: that of no CI system that is known here.
---@return crsync.cli.Log|nil
function ci.log()
  return variables.is_true "github_actions" and GITHUB or variables.is_true "gitlab_ci" and GITLAB or nil
end

--- The log that is written to.
---@return crsync.cli.Log
function ci.any_log() return ci.log() or NONE end

--- Writes a line to standard error, in which nothing is a command.
---@param s string
function ci.say(s) io.stderr:write(ci.any_log().line(s), "\n") end

return ci
