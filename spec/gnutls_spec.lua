-- libcurl built with GnuTLS, as some systems have it: certificates are judged and explained as with OpenSSL.

local child = require "spec.support.child"
local endpoint = require "spec.support.endpoint"
local files = require "spec.support.files"

local folder = assert(package.searchpath("crsync.core", package.cpath)):match "^(.*)/crsync/"

-- What a client over GnuTLS is told by an endpoint with a certificate.
local function told_by(certificate, options)
  local server = endpoint.start { tls = certificate }
  finally(function() server:stop() end)
  return child.run(([[
    package.cpath = %q .. package.cpath
    local task, err = require 'crsync'.new({ endpoint = %q, access_key_id = %q, access_key_secret = %q, retry = false,
      %s }):get_task('cri-1', 'rst-1')
    print(task and task.TaskStatus or ('%%s %%s %%s'):format(err.kind, err.verify_result, tostring(err)))
  ]]):format(folder .. "/gnutls/?.so;", server.url, server.access_key_id, server.access_key_secret,
    options or ("ca_file = %q"):format(server.ca_file)):gsub("\\\n", " "),
    "env -u SSL_CERT_FILE -u SSL_CERT_DIR -u CURL_CA_BUNDLE")
end

describe("with GnuTLS", function()
  lazy_setup(function()
    local output = files.output_of(("unset LD_PRELOAD MAKEFLAGS MFLAGS MAKEOVERRIDES;"
      .. " make -s BUILD='%s' '%s/gnutls/crsync/core.so' 2>&1"):format(folder, folder))
    assert(output == "", output)
  end)

  it("a good certificate is trusted", function() assert.equal("SUCCESS\n", told_by "good") end)

  for certificate, expected in pairs {
    foreign = { 20, "the certificate's issuer is not trusted" },
    stranger = { 20, "the certificate's issuer is not trusted" },
    expired = { 10, "the server's certificate has expired" },
    misnamed = { nil, "the certificate belongs to another name" },
  } do
    it("one that is " .. certificate .. " is explained", function()
      local output = told_by(certificate)
      assert.truthy(output:find(("tls %s "):format(expected[1]), 1, true), output)
      assert.truthy(output:find(expected[2], 1, true), output)
    end)
  end

  it("the system's anchors do not know the specs' CA", function()
    assert.truthy(told_by("good", ""):find("tls 20 ", 1, true))
  end)
end)
