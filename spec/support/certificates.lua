-- Certificates for the specs, made once a run by the openssl command: a CA, and certificates of it and of a stranger.

local files = require "spec.support.files"

local certificates = {}

local SCRIPT = [[
set -eu
cd "$1"
key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
ca() { openssl req -x509 $key -keyout "$1.key" -out "$1.pem" -days 30 -subj "/CN=$1 of the specs"; }
leaf() { # name, CA, days, subject alternative names
  openssl req $key -keyout "$1.key" -out "$1.csr" -subj "/CN=$1"
  echo "subjectAltName=$4" > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -extfile "$1.ext" -out "$1.pem" -days "$3"
}
here=DNS:localhost,DNS:moving.example,IP:127.0.0.1,IP:::1
ca ca
ca stranger
leaf good ca 30 $here
leaf foreign stranger 30 $here
leaf misnamed ca 30 DNS:other.example
leaf expired ca -1 $here
]]

--- Makes them in a folder: ca.pem, and NAME.pem and NAME.key for good, foreign, misnamed and expired.
function certificates.make(folder)
  files.write(folder .. "/make.sh", SCRIPT)
  local command = ("env -u LD_PRELOAD sh '%s/make.sh' '%s' >'%s/log' 2>&1"):format(folder, folder, folder)
  assert(os.execute(command), "openssl could not make the certificates: see " .. folder .. "/log")
end

local temporary

--- A temporary folder with them, the same one throughout the run.
function certificates.folder()
  if temporary then return temporary end
  temporary = files.temporary_folder()
  certificates.make(temporary)
  return temporary
end

--- Removes the temporary folder; the end of the Lua state does so too.
function certificates.remove()
  if temporary then os.execute(("rm -rf '%s'"):format(temporary)) end
  temporary = nil
end

-- Lua 5.1 heeds __gc in no table's metatable.
if newproxy then -- luacheck: ignore 113
  certificates.guard = newproxy(true) -- luacheck: ignore 113
  getmetatable(certificates.guard).__gc = certificates.remove
else
  certificates.guard = setmetatable({}, { __gc = certificates.remove })
end

return certificates
