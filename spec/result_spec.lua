-- What a response must hold to be a result, and what is a refusal however it is written: in the core, where every way
-- passes, and in the client's methods.

local core = require "crsync.core"
local endpoint = require "spec.support.endpoint"
local operations = require "crsync.operations"

local server, client

lazy_setup(function() server = endpoint.start() end)
lazy_teardown(function() server:stop() end)
before_each(function()
  server:reset()
  client = server:client { retry = false }
end)
after_each(function() client:close() end)

local bare = core.new { endpoint = "https://h", access_key_id = "id", access_key_secret = "the-secret" }

-- As if a transport had brought it for the task rst-1.
local function receive(body, action, status)
  local operation = operations[action or "GetRepoSyncTask"]
  local request = bare:prepare(operation, { SyncTaskId = "rst-1" })
  return bare:receive(operation, request, status or 200, {}, body)
end

local function failure(...)
  local result, err = receive(...)
  assert.is_nil(result, ...)
  return err
end

describe("a task", function()
  it("has a status", function()
    for _, body in ipairs { "{}", '{"IsSuccess":true,"Code":"success"}', '{"TaskStatus":null}', '{"TaskStatus":""}',
      '{"taskStatus":"SUCCESS"}', '{"SyncTaskId":"rst-1","LayerTasks":[]}' } do
      local err = failure(body)
      assert.same({ "decode", false }, { err.kind, err.retryable })
      assert.equal("the response lacks TaskStatus; it begins: " .. body, err.message)
    end
    assert.equal("SUCCESS", assert(receive '{"TaskStatus":"SUCCESS"}').TaskStatus)
  end)

  it("is an object", function()
    for body, what in pairs { ["[]"] = "a sequence", ["[1]"] = "a sequence", null = "null", ["5"] = "a number",
      ['"x"'] = "a string", ["true"] = "a boolean" } do
      local err = failure(body)
      assert.same({ "decode", "the response should be an object and is " .. what }, { err.kind, err.message })
    end
    assert.equal("field ImageFrom should be an object and is a table",
      failure('{"TaskStatus":"PENDING","ImageFrom":[]}').message)
  end)

  it("is the one that was asked for, where it says which it is", function()
    local err = failure '{"TaskStatus":"SUCCESS","SyncTaskId":"rst-2","RequestId":"R-1"}'
    assert.same({ "decode", "the response is about rst-2, and rst-1 was asked for", "R-1" },
      { err.kind, err.message, err.request_id })
    local numbered = failure '{"TaskStatus":"SUCCESS","SyncTaskId":1}'
    assert.same({ "decode", "field SyncTaskId should be a string and is a number" },
      { numbered.kind, numbered.message })
    assert.is_table(receive '{"TaskStatus":"SUCCESS","SyncTaskId":"rst-1"}')
    assert.is_table(receive '{"TaskStatus":"SUCCESS","SyncTaskId":null}')
  end)

  it("that is none ends a bare get_task, a client's and a wait", function()
    local own = core.new { endpoint = server.url, proxy = "", access_key_id = server.access_key_id,
      access_key_secret = server.access_key_secret }
    for body, message in pairs { ["{}"] = "the response lacks TaskStatus; it begins: {}",
      ['{"TaskStatus":"SUCCESS","SyncTaskId":"rst-2"}'] = "the response is about rst-2, and rst-1 was asked for" } do
      server:answer_always { body = body }
      for _, ask in ipairs { function() return own:get_task("cri-1", "rst-1") end,
        function() return client:get_task("cri-1", "rst-1") end,
        function() return client:call("GetRepoSyncTask", { InstanceId = "cri-1", SyncTaskId = "rst-1" }) end,
        function() return client:wait("cri-1", "rst-1", { interval = 0.01, timeout = 5 }) end } do
        local task, err = ask()
        assert.same({ nil, "decode", message }, { task, err.kind, err.message })
      end
    end
    own:close()
  end)
end)

describe("a list", function()
  it("is there, or counts nothing", function()
    for action, name in pairs { ListRepoSyncTask = "SyncTasks", ListRepoSyncRule = "SyncRules" } do
      for _, body in ipairs { "{}", '{"IsSuccess":true}', '{"TotalCount":3}', '{"TotalCount":"3"}',
        ('{"TotalCount":null,"%s":null}'):format(name) } do
        assert.equal(("the response lacks %s; it begins: %s"):format(name, body), failure(body, action).message)
      end
      for _, body in ipairs { '{"TotalCount":0}', '{"TotalCount":"0"}', ('{"%s":[]}'):format(name),
        ('{"TotalCount":"0","%s":null}'):format(name) } do
        assert.same({}, assert(receive(body, action))[name])
      end
    end
  end)

  it("that is none is an error of each method that lists", function()
    server:answer_always { body = "{}" }
    for _, method in ipairs { "list_tasks", "list_rules" } do
      local list, err = client[method](client, "cri-1")
      assert.same({ nil, "decode" }, { list, err.kind })
    end
  end)
end)

describe("what makes or ends something", function()
  local creation = setmetatable({}, { __index = function() return "x" end })
  local calls = {
    create_task = creation, create_task_by_rule = creation, create_rule = creation, cancel_task = "x",
    delete_rule = "x",
  }

  it("says so", function()
    for _, body in ipairs { "{}", '{"RequestId":"R"}', '{"IsSuccess":null}', "[]", "null" } do
      server:answer_always { body = body }
      for method, argument in pairs(calls) do
        local done, err = client[method](client, "cri-1", argument)
        assert.same({ nil, "decode" }, { done, err.kind }, method .. body)
      end
    end
  end)

  it("has the new id", function()
    server:answer_always { body = '{"IsSuccess":true,"Code":"success"}' }
    for _, method in ipairs { "create_task", "create_task_by_rule", "create_rule" } do
      local id, err = client[method](client, "cri-1", creation)
      assert.same({ nil, "decode" }, { id, err.kind })
      local name = method == "create_rule" and "SyncRuleId" or "SyncTaskId"
      assert.truthy(err.message:find("the response lacks " .. name, 1, true), err.message)
    end
    assert.equal("field SyncTaskId should be a string and is a number",
      failure('{"SyncTaskId":5}', "CreateRepoSyncTask").message)
  end)

  it("needs no more than success where nothing is returned", function()
    for _, body in ipairs { '{"IsSuccess":true}', '{"Code":"success"}', '{"Code":200}', '{"isSuccess":true}' } do
      server:answer_always { body = body }
      assert.is_true(client:cancel_task("cri-1", "rst-1"))
      assert.is_true(client:delete_rule("cri-1", "crsr-1"))
    end
  end)
end)

describe("any other operation", function()
  it("returns an object", function()
    for _, body in ipairs { "[]", "null", "[{}]", "7" } do
      server:answer_always { body = body }
      local result, err = client:call("ListInstance", {})
      assert.same({ nil, "decode" }, { result, err.kind }, body)
    end
    server:answer_always { body = "{}" }
    assert.same({}, client:call("ListInstance", {}))
  end)
end)

describe("a refusal", function()
  it("is one in any letter case, and with a number as its code", function()
    for body, expected in pairs {
      ['{"code":"USER_NOT_EXIST","isSuccess":false,"message":"m","requestId":"R"}'] = { "not_found", "USER_NOT_EXIST" },
      ['{"CODE":"NoPermission","MESSAGE":"m","REQUESTID":"R"}'] = { "auth", "NoPermission" },
      ['{"Code":404,"Message":"m","RequestId":"R"}'] = { "not_found", "404" },
      ['{"code":503.0,"Message":"m","RequestId":"R"}'] = { "server", "503" },
      ['{"Code":1234,"Message":"m","RequestId":"R"}'] = { "client", "1234" },
      ['{"TaskStatus":"SUCCESS","issuccess":"False","Message":"m","RequestId":"R"}'] = { "client" },
    } do
      local err = failure(body)
      assert.same({ expected[1], expected[2], "m", "R", 200 },
        { err.kind, err.code, err.message, err.request_id, err.status }, body)
    end
  end)

  it("is one at any status", function()
    for _, status in ipairs { 200, 201, 202, 404, 500 } do
      local err = failure('{"code":"SYNC_TASK_NOT_EXIST","message":"m"}', nil, status)
      assert.same({ "not_found", "SYNC_TASK_NOT_EXIST" }, { err.kind, err.code })
    end
    local err = failure("<Error><Code>InternalError</Code><Message>m</Message></Error>")
    assert.same({ "server", "InternalError" }, { err.kind, err.code })
  end)

  it("is told in words where its code says success", function()
    for _, code in ipairs { "success", "OK", 200 } do
      local body = ('{"TaskStatus":"SUCCESS","IsSuccess":false,"Code":%s}')
        :format(type(code) == "string" and '"' .. code .. '"' or code)
      local err = failure(body)
      assert.same({ "client", ('IsSuccess is false, although Code is "%s"'):format(code) }, { err.kind, err.message })
      assert.is_nil(err.code)
    end
    assert.equal("the quota is used up",
      failure('{"IsSuccess":false,"Code":"success","Message":"the quota is used up"}').message)
  end)

  it("names the action that a policy denies, where the gateway does", function()
    local detail = '"AccessDeniedDetail":{"PolicyType":"AccountLevelIdentityBasedPolicy","AuthAction":"cr:GetSpecial"}'
    local body = '{"Code":"NoPermission","Message":"m",' .. detail .. "}"
    assert.equal("cr:GetSpecial", failure(body, nil, 403).denied_action)
    server:answer { status = 403, body = body }
    local _, err = client:get_task("cri-1", "rst-1")
    assert.equal("cr:GetSpecial", err.denied_action)
    assert.truthy(err.hint:find("grant the RAM action cr:GetSpecial", 1, true), err.hint)
    for _, other in ipairs { '"AccessDeniedDetail":5', '"AccessDeniedDetail":{"AuthAction":{}}', '"X":1' } do
      assert.is_nil(failure('{"Code":"NoPermission",' .. other .. "}", nil, 403).denied_action)
    end
  end)

  it("is none where code and word say success", function()
    assert.is_table(receive '{"TaskStatus":"SUCCESS","isSuccess":"TRUE","code":"200","message":"successful"}')
  end)
end)
