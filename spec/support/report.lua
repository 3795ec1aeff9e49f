-- busted's plain report with a closing line of fixed form: "N passed, N failed". What is pending counts as failed:
-- a skipped test proves nothing.

return function(options)
  local busted = require "busted"
  local handler = require "busted.outputHandlers.plainTerminal"(options)
  busted.subscribe({ "suite", "end" }, function()
    local failed = handler.failuresCount + handler.errorsCount + handler.pendingsCount
    io.write(("%d passed, %d failed\n"):format(handler.successesCount, failed))
    return nil, true
  end)
  return handler
end
