-- post: what wrk sends, and what it tells bench.mjs at the end.
--
-- wrk -s post.lua URL -- BODY-FILE [BEARER-KEY [SESSION]]; an empty word is none.  The request is made once, so that the load
-- generator costs the same for everybody.

local function read_all(path)
	local file = assert(io.open(path, "r"))
	local text = file:read("*a")
	file:close()
	return text
end

function init(args)
	wrk.method = "POST"
	wrk.body = read_all(args[1])
	wrk.headers["Content-Type"] = "application/json"
	wrk.headers["Accept"] = "application/json, text/event-stream"
	wrk.headers["MCP-Protocol-Version"] = "2025-11-25"
	if args[2] and args[2] ~= "" then
		wrk.headers["Authorization"] = "Bearer " .. args[2]
	end
	if args[3] and args[3] ~= "" then
		wrk.headers["Mcp-Session-Id"] = args[3]
	end
end

-- The whole histogram, not percentiles: those of two rounds could not be joined.
function done(summary, latency, requests)
	local errors, counts = summary.errors, {}

	for i = 1, #latency do
		local us, count = latency(i)
		counts[i] = string.format("[%d,%d]", us, count)
	end
	print(string.format(
		'\nRESULT {"requests":%d,"duration_us":%d,"bytes":%d,"refused":%d,"broken":%d,"latency":[%s]}',
		summary.requests, summary.duration, summary.bytes, errors.status,
		errors.connect + errors.read + errors.write + errors.timeout, table.concat(counts, ",")))
end
