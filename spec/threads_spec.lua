-- crsync in a C program with threads: examples/embedding/threads.c. make check-tsan sets flags and another core.

local endpoint = require "spec.support.endpoint"
local hosts = require "spec.support.host"

local FLAGS, CORE = os.getenv "THREADS_CFLAGS" or "-O2", os.getenv "THREADS_CORE" or "build"

describe("a C program", function()
  it("has eight threads with a state each, and libcurl to itself", function()
    local server = endpoint.start()
    local host = hosts.new(server)
    finally(function()
      host:stop()
      server:stop()
    end)
    local output = host:run(([[sh -c 'export LUA_CPATH="$root/%s/?.so;;" &&
      cc -std=c11 -Wall -Wextra -Wpedantic -Werror %s "$root/examples/embedding/threads.c" -o threads \
        $(pkg-config --cflags --libs lua5.4 libcurl) -lpthread && ./threads 50']]):format(CORE, FLAGS), "lua5.4")
    assert.equal("8 threads, 50 calls each, 0 failures\n", output)
    local nonces, count = {}, 0
    for _, r in ipairs(server:requests()) do
      local nonce = r.headers["x-acs-signature-nonce"]
      if nonce and r.query.SyncTaskId:find "^rst%-%d" then
        assert.is_nil(nonces[nonce])
        nonces[nonce] = true
        count = count + 1
      end
    end
    assert.equal(400, count)
  end)
end)
