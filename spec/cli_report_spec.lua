-- What has become of the tasks of a period: the command in each of its forms, and its page in a browser.

local cjson = require "cjson"
local command = require "spec.support.command"
local files = require "spec.support.files"
local sandbox = require "crsync.sandbox"
local summary_html = require "crsync.print.summary_html"
local summary_text = require "crsync.print.summary_text"

local HOUR = 3600

-- Tasks of an hour ago, of two regions; one is older, one has not ended.
local function tasks()
  local list = {}
  for i = 1, 6 do
    list[i] = { id = "rst-eu-" .. i, age = HOUR - i, to = "eu-west-1", repo = "team/web", tag = "1." .. i,
      layers = { 1000 * i }, pending = 0, rate = 1000 }
  end
  list[7] = { id = "rst-us", age = HOUR, to = "us-east-1", repo = "team/<script>", tag = 'a"b|c&', layers = { 1000 },
    rate = 1000, fails_at = 0.5, issue = "NETWORK_ERROR" }
  list[8] = { id = "rst-old", age = 3 * 86400, to = "us-east-1", repo = "team/web", layers = { 1 }, rate = 10 }
  list[9] = { id = "rst-now", age = 5, to = "us-east-1", repo = "team/web", layers = { 1e9 }, rate = 1000 }
  return list
end

local server, target

lazy_setup(function()
  server = assert(sandbox.start { lua = os.getenv "LUA" or "lua5.4",
    scenario = { instance = "cri-1", tasks = tasks(), rules = {}, instances = {
      { id = "cri-eu", region = "eu-west-1" }, { id = "cri-us", region = "us-east-1" } } } })
  local options = server:options()
  target = { url = server:url(), access_key_id = options.access_key_id, access_key_secret = options.access_key_secret }
end)
lazy_teardown(function() server:stop() end)

local function run(words) return command.run(target, words) end

describe("crsync report", function()
  it("counts the tasks of the last day by target region, and tells what failed", function()
    local output, errors, status = run "report cri-1"
    assert.same({ "", 0 }, { errors, status })
    assert.truthy(output:find "^cri%-1, 20%S+Z to 20%S+Z: 8 tasks, 1 failed\n\nTO +TASKS +SUCCEEDED ")
    assert.truthy(output:find "\neu%-west%-1 +6 +6 +0 +0 +0 +21%.0 kB +0:0%d +0:0%d +[%d.]+ k?B/s\n", output)
    assert.truthy(output:find "\nus%-east%-1 +2 +0 +1 +0 +1 +[%d.]+ k?B +%- +%- +%-\n")
    assert.truthy(output:find "\nall +8 +6 +1 +0 +1 ")
    assert.truthy(output:find('\nfailed\nrst%-us  20%S+Z  team/<script>:a"b|c& to us%-east%-1\n'
      .. '  NETWORK_ERROR: the network'))
  end)

  it("leaves out the sizes of what has no id to ask for", function()
    local other = require("spec.support.endpoint").start()
    finally(function() other:stop() end)
    local now = os.time() * 1000
    local function task(id) return { SyncTaskId = id, TaskStatus = "SUCCESS", CreateTime = now, ModifiedTime = now } end
    local listed = { task "rst-1", task(nil), task "a\27[31m", task "" }
    other:answer({ body = { IsSuccess = true, TotalCount = "4", SyncTasks = listed } },
      { body = { IsSuccess = true, TaskStatus = "SUCCESS", LayerTasks = { { Size = 5, SyncedSize = 5 } } } })
    local output, errors, status = command.run(other, "report cri-1 -o json")
    assert.equal(0, status, errors)
    local total = cjson.decode(output).total
    assert.same({ 4, 1, 5 }, { total.tasks, total.sized, total.bytes })
    assert.equal(2, #other:requests())
  end)

  for words, expected in pairs {
    ["--since 7d"] = 9, ["--since 1m"] = 1, ["--till 1m"] = 7, ["--to-region eu-west-1"] = 6,
    ["--repo team/web"] = 7, ["--since 10s --till 9s"] = 0,
  } do
    it("takes " .. words, function()
      local report = cjson.decode((run("report cri-1 -o json " .. words)))
      assert.equal(expected, report.total.tasks)
    end)
  end

  it("is written as CSV, one line a region", function()
    local output = run "report cri-1 -o csv"
    assert.equal("ImageTo.RegionId,tasks,succeeded,failed,canceled,going,bytes,duration_median,duration_p95,throughput",
      output:match "^(.-)\r\n")
    assert.truthy(output:find "\r\neu%-west%-1,6,6,0,0,0,21000,[%d.]+,[%d.]+,[%d.]+\r\n")
    assert.truthy(output:find "\r\nus%-east%-1,2,0,1,0,1,%d+,,,\r\n$")
  end)

  it("is written as Markdown", function()
    local output = run "report cri-1 -o markdown"
    assert.truthy(output:find "^%*%*Image syncs of cri%-1, .- 8 tasks, 1 failed%*%*\n\n| TO | TASKS |.-|\n| %-%-%- |")
    assert.truthy(output:find('| team | &lt;script&gt; | a"b\\|c&amp; | us-east-1 | NETWORK\\_ERROR | the network', 1,
      true))
  end)

  it("is written for Prometheus", function()
    local output = run "report cri-1 -o prometheus"
    assert.truthy(output:find('\ncrsync_tasks{instance_id="cri-1",region="us-east-1",state="failed"} 1\n', 1, true))
    assert.truthy(output:find('\ncrsync_copied_bytes{instance_id="cri-1",region="eu-west-1"} 21000\n', 1, true))
    assert.truthy(output:find '\ncrsync_period_end_timestamp_seconds{instance_id="cri%-1"} %d+\n$')
    for _, name in ipairs { "median", "p95" } do
      assert.truthy(output:find("\ncrsync_task_duration_" .. name
        .. '_seconds{instance_id="cri%-1",region="eu%-west%-1"} [%d.]+\n'))
    end
    assert.is_nil(output:find("quantile", 1, true)) -- a label of summaries alone
    for line in output:gmatch "[^\n]+" do
      assert.truthy(line:find "^# %u%u%u%u crsync_[%l%d_]+ " or line:find "^crsync_[%l%d_]+{[%w_]+=.-} [%d.e+]+$", line)
    end
  end)

  it("goes on where sizes are not told, and says so", function()
    local endpoint = require("spec.support.endpoint").start()
    finally(function() endpoint:stop() end)
    endpoint:answer { body = { IsSuccess = true, TotalCount = "1", SyncTasks = { { SyncTaskId = "rst-1",
      TaskStatus = "SUCCESS", CreateTime = os.time() * 1000, ModifiedTime = os.time() * 1000 } } } }
    endpoint:answer_for("rst-1", "err.403.NoPrivilege")
    local output, errors, status = command.run(endpoint, "report cri-1")
    assert.equal(0, status)
    assert.truthy(errors:find("NoPrivilege", 1, true))
    assert.truthy(output:find "\n\nbytes and rate leave out 1 task whose size is not known\n$")
    endpoint:answer "err.403.NoPrivilege"
    assert.equal(3, select(3, command.run(endpoint, "report cri-1 -o html")))
  end)
end)

describe("the report's page", function()
  local folder = os.tmpname()

  lazy_setup(function()
    os.remove(folder)
    os.execute("mkdir " .. folder)
  end)
  lazy_teardown(function() os.execute("rm -rf " .. folder) end)

  -- What a browser makes of the page, after whatever runs in it has run; and what the page has made it ask for. The
  -- browser's own requests go nowhere.
  local function in_browser(page, options)
    files.write(folder .. "/page.html", page)
    local dom = files.output_of(([[cd %s && HOME=$PWD timeout 60 chromium --headless --no-sandbox --disable-gpu \
      --disable-background-networking --disable-component-update --no-first-run --user-data-dir=$PWD/profile \
      --host-resolver-rules='MAP * ~NOTFOUND, EXCLUDE 127.0.0.1' --log-net-log=$PWD/net.json %s \
      --dump-dom file://$PWD/page.html 2>errors]]):format(folder, options or ""))
    local asked = {}
    for url in files.read(folder .. "/net.json"):gmatch '_dk_file:// file:// ([^"%s]+)"' do asked[#asked + 1] = url end
    return dom, asked
  end

  it("would be caught if it loaded something", function()
    local _, asked = in_browser '<img src="http://127.0.0.1:1/x.png"><p>hello'
    assert.equal("http://127.0.0.1:1/x.png", asked[1])
  end)

  it("opens in a browser, loads nothing from elsewhere, and runs nothing", function()
    local page = run "report cri-1 -o html"
    local dom, asked = in_browser(page)
    assert.truthy(dom:find("<h1>Image syncs</h1>", 1, true), files.read(folder .. "/errors"))
    assert.truthy(dom:find("team/&lt;script&gt;:a", 1, true))
    assert.is_nil(dom:find "<script")
    assert.truthy(dom:find("<svg viewBox", 1, true))
    assert.truthy(dom:find '<rect class="failed" x="[%d.]+" y="[%d.]+" width="[%d.]+" height="[%d.]+"')
    assert.truthy(dom:find "<td>eu%-west%-1</td><td>6</td>")
    for url in page:gmatch "%a[%w+.-]*://[^%s\"'<]+" do error("the page names " .. url) end
    for _, attribute in ipairs { "src", "srcset", "xlink:href", "action", "data", "poster", "background" } do
      assert.is_nil(page:find("%s" .. attribute .. "%s*="), attribute)
    end
    for value in page:gmatch 'href="([^"]*)"' do assert.equal("data:,", value) end
    assert.is_nil(page:find "url%(" or page:find "@import")
    assert.same({}, asked)
  end)

  it("keeps foreign text from running, whatever it is", function()
    local nasty = '</title></svg><script>document.title="ran"</script>'
      .. '<img src=x onerror=\'document.title="ran"\'>"\'&\27[2J'
    local image = { RegionId = nasty, RepoNamespaceName = nasty, RepoName = nasty, ImageTag = nasty }
    local task = { SyncTaskId = nasty, TaskStatus = "ERROR", TaskIssue = nasty, CreateTime = 1718000000000,
      ImageFrom = image, ImageTo = image }
    local about = { instance = nasty, since = 1718000000, till = 1718086400, tasks = { task }, unsized = 2 }
    local page = summary_html.page(require("crsync").report { task }, about)
    local dom = in_browser(page)
    assert.is_nil(dom:find "<script")
    assert.is_nil(dom:find "<img")
    assert.is_nil(dom:find "<title>ran")
    assert.is_nil(page:find "[%z\1-\9\11-\31]")
    assert.truthy(page:find("bytes and rate leave out 2 tasks whose size is not known", 1, true))
  end)

  -- What a script in the page finds out, which its policy would not let run.
  local function found_by(script, page, options)
    local probe = '<p id="probe" style="color: var(--paper)">x</p><script>probe.textContent = ' .. script .. "</script>"
    local open = page:gsub("<meta http%-equiv[^>]*>", ""):gsub("</body>", function() return probe .. "</body>" end)
    return in_browser(open, options):match 'id="probe"[^>]*>([^<]*)<'
  end

  it("has colours for light and for dark", function()
    local page = run "report cri-1 -o html"
    assert.truthy(page:find("prefers-color-scheme: dark", 1, true))
    local function paper(scheme)
      return found_by("getComputedStyle(probe).color", page, "--blink-settings=preferredColorScheme=" .. scheme)
    end
    assert.equal("rgb(255, 255, 255)", paper(1))
    assert.equal("rgb(13, 17, 23)", paper(0))
  end)

  it("is legible in a narrow window: what is wider scrolls by itself", function()
    local width, drawing = found_by([[document.documentElement.scrollWidth + " "
      + Math.round(document.querySelector("svg").getBoundingClientRect().width)]], run "report cri-1 -o html",
      "--window-size=320,800"):match "^(%d+) (%d+)$"
    assert.is_true(tonumber(width) <= 500, width) -- of chromium's narrowest window
    assert.equal("720", drawing)
  end)

  it("can be of nothing", function()
    local about = { instance = "cri-1", since = 5, till = 5, tasks = {}, unsized = 0 }
    local report = require("crsync").report {}
    local page = summary_html.page(report, about)
    assert.is_nil(page:find("<svg", 1, true))
    assert.truthy(page:find("Nothing failed.", 1, true))
    assert.truthy(summary_text.text(report, about):find("0 tasks, 0 failed", 1, true))
    assert.equal("ImageTo.RegionId", summary_text.csv(report):match "^[^,]+")
  end)

  it("is drawn for tasks of whatever little is known", function()
    local list = { { SyncTaskId = "rst-1", TaskStatus = "ERROR" }, { TaskStatus = "CANCELED", CreateTime = 1e15 },
      { TaskStatus = "NEW", CreateTime = 1 } }
    local page = summary_html.page(require("crsync").report(list),
      { instance = "cri-1", since = 1000, till = 2000, tasks = list, unsized = 0 })
    assert.truthy(page:find('<rect class="going"', 1, true))
    assert.truthy(page:find("no reason told by the service", 1, true))
  end)
end)
