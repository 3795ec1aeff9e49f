-- A document's parts: fenced blocks, and what stands around them.

local markdown = {}

--- Fenced blocks as { language =, text = }, also those that stand in a list; and the text without them.
---@param document string
---@return { language: string, text: string }[] blocks
---@return string prose
function markdown.parts_of(document)
  local blocks, prose, block, indent = {}, {}, nil, nil
  for line in document:gmatch "([^\n]*)\n" do
    local blanks, language = line:match "^( *)```(%w*)$"
    if blanks and block then
      block = nil
    elseif blanks then
      block, indent = { language = language, text = "" }, #blanks
      blocks[#blocks + 1] = block
    elseif block then
      block.text = block.text .. line:sub(indent + 1) .. "\n"
    else
      prose[#prose + 1] = line
    end
  end
  return blocks, table.concat(prose, "\n")
end

--- The texts of a document's blocks in one language, in their order.
---@param document string
---@param language string
---@return string[]
function markdown.blocks_of(document, language)
  local texts = {}
  for _, block in ipairs((markdown.parts_of(document))) do
    if block.language == language then texts[#texts + 1] = block.text end
  end
  return texts
end

return markdown
