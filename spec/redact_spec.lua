-- Secrets out of text that others wrote: forms are made by chance, from a seed that a failure names, and none of the
-- secret is left whatever form it comes in.

local at_most = require "spec.support.at_most"
local core = require "crsync.core"
local redact = require "crsync.util.redact"

local SEED = tonumber(os.getenv "REDACT_SEED" or 20261126)
local ROUNDS = 1000

local forms = require("spec.support.secret_forms").new(SEED)
local random, pick, random_secret, wrapped, base64 = forms.random, forms.pick, forms.secret, forms.wrapped, forms.base64
local FORMS, NAMES, percent = forms.FORMS, forms.NAMES, forms.FORMS.percent

-- ---- what is left -------------------------------------------------------------------------------------------------

local BEFORE, AFTER = "[[ before: ", " :after ]]"

local function left_of(form, secret)
  local text = core.redact(BEFORE .. form .. AFTER, { secret })
  assert.equal(#BEFORE + #form + #AFTER, #text)
  assert.equal(BEFORE, text:sub(1, #BEFORE), text)
  assert.equal(AFTER, text:sub(-#AFTER), text)
  return (text:sub(#BEFORE + 1, -#AFTER - 1):gsub("[*\\]", "")) -- a backslash in front of it tells nothing
end

local function told(form, secret) return ("seed %d: %q in %q"):format(SEED, secret, form) end

describe("a secret", function()
  it("leaves nothing behind, whole, in one form upon another, and wrapped", function()
    for _ = 1, ROUNDS do
      local secret = random_secret '/+=&"_.'
      local form = FORMS[pick(NAMES)](secret)
      if random(2) == 1 then form = FORMS[pick { "plain", "percent", "slashes", "entities" }](form) end
      if random(2) == 1 then form = wrapped(form) end
      assert.equal("", left_of(form, secret), told(form, secret))
    end
  end)

  it("is found when it was cut, at either end or both", function()
    for _ = 1, ROUNDS do
      local secret = random_secret "/="
      local from = random(#secret - 12)
      local piece = secret:sub(from, from + 8 + random(#secret))
      local form = FORMS[pick(NAMES)](piece)
      assert.equal("", left_of(form, secret), told(form, secret))
    end
  end)

  it("is found in base64, alone and within more, in both alphabets, wrapped and encoded", function()
    for _ = 1, ROUNDS do
      local secret = random_secret '/+=&"'
      local lead, tail = ("!"):rep(random(3) - 1), ("!"):rep(random(3) - 1)
      local form = base64(lead .. secret .. tail)
      if random(2) == 1 then form = form:gsub("%+", "-"):gsub("/", "_") end
      if random(2) == 1 then form = percent(form) end
      if random(2) == 1 then form = wrapped(form) end
      local left = left_of(form, secret):gsub("%%3[dD]", ""):gsub("%%0A", ""):gsub("<br/?>", ""):gsub("&#10;", "")
        :gsub("[=%s]", "")
      assert.is_true(#left <= 12, told(form, secret)) -- what the neighbours have a part in
    end
  end)
end)

describe("striking out", function()
  it("leaves ordinary text alone", function()
    for _, text in ipairs { "", "*", "Specified access key is not found.", "100%", "%", "%4", "&", "&#", "&#x;", "\\",
      "\\u", "\\u12", "<", "<br", "a+b-c", ("%25"):rep(3) } do
      assert.equal(text, core.redact(text, { "SecretOfNobody/+", "", "abc" }))
    end
  end)

  it("leaves a text of endless layers out whole", function()
    local text = "see %" .. ("25"):rep(20) .. "41"
    assert.equal(("*"):rep(#text), core.redact(text, { "SecretOfNobody" }))
  end)

  it("knows letters beyond ASCII, however they are written", function()
    local secret = "Geheim\195\169s/\226\130\172Wort"
    for _, form in ipairs { secret, "Geheim\\u00e9s\\/\\u20acWort", "Geheim&#233;s/&#x20AC;Wort",
      "Geheim%C3%A9s%2F%E2%82%ACWort" } do
      assert.equal("", left_of(form, secret), form)
    end
  end)

  it("takes short secrets whole, and none of less than four characters", function()
    assert.equal("a ***** b ******* abc", core.redact("a s/e=c b s%2Fe=c abc", { "s/e=c", "abc" }))
    assert.equal("a s/e= b", core.redact("a s/e= b", { "s/e=c" }))
  end)

  it("shows the ends of a key's id", function()
    local id = "LTAI5tInventedId0001Wxyz"
    assert.equal("the key LTAI****************Wxyz is", core.redact("the key " .. id .. " is", {}, id))
    assert.equal("the key LTAI", core.redact("the key " .. id:sub(1, 14), {}, id):sub(1, 12))
    assert.is_nil(core.redact(base64("key=" .. id), {}, id):find(base64(id):sub(9, 16), 1, true))
    assert.equal("key ********", core.redact("key ShortId1", {}, "ShortId1"))
  end)
end)

describe("what is called a secret", function()
  it("loses its value, in JSON, in queries and in XML, also where it is cut", function()
    for text, left in pairs {
      ['{"AuthorizationToken":"ey\\"J x","TempUsername":"u"}'] = '{"AuthorizationToken":"***","TempUsername":"u"}',
      [ [[{"m":"{\"SecurityToken\":\"abc\\\"d\",\"x\":\"y\"}"}]] ] =
        [[{"m":"{\"SecurityToken\":\"***\",\"x\":\"y\"}"}]],
      ['{"Tokens":["a","b"],"x":1}'] = '{"Tokens":[***],"x":1}',
      ['{"Tokens":["a","b'] = '{"Tokens":[***',
      ['{"Password" : "my pass'] = '{"Password" : "***',
      ["{'token':'abc','a':'b'}"] = "{'token':'***','a':'b'}",
      ["https://h/?Password=a%26b&Tag=1.0&Signature=abc&SignatureNonce=x"] =
        "https://h/?Password=***&Tag=1.0&Signature=***&SignatureNonce=x",
      ['<SecurityToken lang="x">abc</SecurityToken><Code>X</Code>'] =
        '<SecurityToken lang="x">***</SecurityToken><Code>X</Code>',
    } do
      assert.equal(left, redact.named(text))
    end
  end)

  it("is found in time as the text's length goes", function()
    for _, text in ipairs { ("x"):rep(2e5), "<" .. ("x"):rep(2e5), '"token":"' .. ("\\"):rep(2e5), ('"'):rep(2e5),
      ('"token":"a",'):rep(2e4), '"token"' .. (" "):rep(2e5), ("<a "):rep(1e5) } do
      local started = os.clock()
      redact.named(text)
      assert.is_true(os.clock() - started < at_most(2))
    end
  end)
end)
