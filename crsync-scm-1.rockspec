rockspec_format = "3.0"
package = "crsync"
version = "scm-1"
source = { url = "git+file://." }
description = {
  summary = "How Alibaba Cloud Container Registry image syncs are doing, as Lua tables",
  detailed = [[
    Asks Container Registry Enterprise Edition for image synchronization tasks (GetRepoSyncTask) and returns
    nested Lua tables. Signing, HTTP and decoding are done in C on libcurl, OpenSSL and lua-cjson; retries,
    deadlines, error hints and reports in Lua.]],
  license = "MIT",
  labels = { "alibaba-cloud", "container-registry", "http", "devops" },
}
dependencies = {
  "lua >= 5.1, < 5.6",
  "lua-cjson >= 2.1.0",
  "argparse >= 0.6.0", -- for the command
}
-- Nothing is searched for here: Debian keeps curl/curl.h where LuaRocks does not look and the compiler does.
-- A missing header is reported by csrc/packages.h, which names the package. CURL_DIR and OPENSSL_DIR help.
external_dependencies = {
  CURL = {},
  OPENSSL = {},
}
build = {
  type = "builtin",
  modules = {
    ["crsync.core"] = {
      sources = {
        "csrc/ca_store.c", "csrc/core.c", "csrc/decode.c", "csrc/error_kind.c", "csrc/file.c", "csrc/fork.c",
        "csrc/json_scan.c", "csrc/luaaux.c", "csrc/nonce.c", "csrc/pollset.c", "csrc/process.c", "csrc/request.c",
        "csrc/response.c", "csrc/sign.c", "csrc/sigpipe.c", "csrc/timer.c", "csrc/transfer.c", "csrc/types.c",
      },
      libraries = { "curl", "crypto" },
      incdirs = { "$(CURL_INCDIR)", "$(OPENSSL_INCDIR)" },
      libdirs = { "$(CURL_LIBDIR)", "$(OPENSSL_LIBDIR)" },
    },
    ["crsync"] = "lua/crsync/init.lua",
    ["crsync.call"] = "lua/crsync/call.lua",
    ["crsync.cli"] = "lua/crsync/cli/init.lua",
    ["crsync.cli.bin"] = "lua/crsync/cli/bin.lua",
    ["crsync.cli.config_report"] = "lua/crsync/cli/config_report.lua",
    ["crsync.cli.exit"] = "lua/crsync/cli/exit.lua",
    ["crsync.cli.exit_status"] = "lua/crsync/cli/exit_status.lua",
    ["crsync.cli.output"] = "lua/crsync/cli/output.lua",
    ["crsync.cli.terminal"] = "lua/crsync/cli/terminal.lua",
    ["crsync.cli.wait_display"] = "lua/crsync/cli/wait_display.lua",
    ["crsync.client"] = "lua/crsync/client.lua",
    ["crsync.config"] = "lua/crsync/config.lua",
    ["crsync.credentials.chain"] = "lua/crsync/credentials/chain.lua",
    ["crsync.credentials.cli_profile"] = "lua/crsync/credentials/cli_profile.lua",
    ["crsync.credentials.ecs_ram_role"] = "lua/crsync/credentials/ecs_ram_role.lua",
    ["crsync.credentials.env"] = "lua/crsync/credentials/env.lua",
    ["crsync.credentials.external"] = "lua/crsync/credentials/external.lua",
    ["crsync.credentials.http"] = "lua/crsync/credentials/http.lua",
    ["crsync.credentials.ini_profile"] = "lua/crsync/credentials/ini_profile.lua",
    ["crsync.credentials.keys"] = "lua/crsync/credentials/keys.lua",
    ["crsync.credentials.modes"] = "lua/crsync/credentials/modes.lua",
    ["crsync.credentials.oidc"] = "lua/crsync/credentials/oidc.lua",
    ["crsync.credentials.ram_role_arn"] = "lua/crsync/credentials/ram_role_arn.lua",
    ["crsync.credentials.refresh"] = "lua/crsync/credentials/refresh.lua",
    ["crsync.credentials.search"] = "lua/crsync/credentials/search.lua",
    ["crsync.credentials.source"] = "lua/crsync/credentials/source.lua",
    ["crsync.credentials.sts"] = "lua/crsync/credentials/sts.lua",
    ["crsync.credentials.uri"] = "lua/crsync/credentials/uri.lua",
    ["crsync.endpoint"] = "lua/crsync/endpoint.lua",
    ["crsync.error"] = "lua/crsync/error.lua",
    ["crsync.error_kinds"] = "lua/crsync/error_kinds.lua",
    ["crsync.loop"] = "lua/crsync/loop.lua",
    ["crsync.loop.callbacks"] = "lua/crsync/loop/callbacks.lua",
    ["crsync.loop.copas"] = "lua/crsync/loop/copas.lua",
    ["crsync.loop.cqueues"] = "lua/crsync/loop/cqueues.lua",
    ["crsync.loop.luv"] = "lua/crsync/loop/luv.lua",
    ["crsync.objects"] = "lua/crsync/objects.lua",
    ["crsync.operations"] = "lua/crsync/operations.lua",
    ["crsync.options"] = "lua/crsync/options.lua",
    ["crsync.print.fields"] = "lua/crsync/print/fields.lua",
    ["crsync.print.json"] = "lua/crsync/print/json.lua",
    ["crsync.print.lua_source"] = "lua/crsync/print/lua_source.lua",
    ["crsync.print.report"] = "lua/crsync/print/report.lua",
    ["crsync.print.table"] = "lua/crsync/print/table.lua",
    ["crsync.progress"] = "lua/crsync/progress.lua",
    ["crsync.retry"] = "lua/crsync/retry.lua",
    ["crsync.sandbox"] = "lua/crsync/sandbox/init.lua",
    ["crsync.sandbox.connection"] = "lua/crsync/sandbox/connection.lua",
    ["crsync.sandbox.scenario"] = "lua/crsync/sandbox/scenario.lua",
    ["crsync.sandbox.scheduler"] = "lua/crsync/sandbox/scheduler.lua",
    ["crsync.sandbox.service"] = "lua/crsync/sandbox/service.lua",
    ["crsync.sandbox.tasks"] = "lua/crsync/sandbox/tasks.lua",
    ["crsync.statuses"] = "lua/crsync/statuses.lua",
    ["crsync.types"] = "lua/crsync/types.lua",
    ["crsync.util.argcheck"] = "lua/crsync/util/argcheck.lua",
    ["crsync.util.compat"] = "lua/crsync/util/compat.lua",
    ["crsync.util.dates"] = "lua/crsync/util/dates.lua",
    ["crsync.util.environment"] = "lua/crsync/util/environment.lua",
    ["crsync.util.redact"] = "lua/crsync/util/redact.lua",
    ["crsync.util.text"] = "lua/crsync/util/text.lua",
    ["crsync.util.url"] = "lua/crsync/util/url.lua",
    ["crsync.variables"] = "lua/crsync/variables.lua",
    ["crsync.version"] = "lua/crsync/version.lua",
    ["crsync.wait"] = "lua/crsync/wait.lua",
  },
  install = { bin = { crsync = "lua/crsync/cli/bin.lua" } },
}
test = { type = "command", command = "make test" }
