--- A source of keys: a name for people, how to ask it, and what is remembered between two times of asking.

---@class crsync.Source
---@field name string              for people
---@field ask nil|fun(context: crsync.FetchContext): crsync.Keys|nil, crsync.Failure|string|nil  nil: keys that stay
---@field is_at_hand boolean|nil  the keys stand in a file: no program and no host is asked for them
---@field is_function boolean|nil  the script's own: cheap to ask
---@field last_resort boolean|nil  asked for want of anything that is configured
---@field searched boolean|nil     found by searching the usual places, which may look different the next time
---@field key_id string|nil       of the keys it gave last, masked
---@field generation integer       how often it has given keys
---@field ends number|nil          on core.now's clock: when the keys expire
---@field advisory number|nil      when to begin to ask again, while the keys still hold
---@field mandatory number|nil     when not to go on without a response
---@field refused integer|nil     generation of the keys that the service has refused
---@field patient_until number|nil  until then another refusal is no reason to ask again
---@field asking table|nil          somebody is: `thread`, held weakly, until `till` at most

---@param name string
---@param ask function|nil
---@param searched boolean|nil
---@return crsync.Source
return function(name, ask, searched)
  return { name = name, ask = ask, searched = searched, generation = 0 }
end
