-- Script of wrk: sends requests in order, each on any free connection, and counts the responses.
--
--   wrk … -s load.lua URL -- FOLDER METHOD EXPECTED FIRST KEYS [HEADER]
--
-- FOLDER has two files: `requests`, in each line a path and after a tab the body, and `tokens`, used
-- in turn. EXPECTED is the status of every response, FIRST the number of the first request. GETs
-- start over after the last request; others must not be repeated, so the load stops. KEYS, unless
-- it is "-", is the prefix of an Idempotency-Key, a different one for each request.

local threads = {}

function setup(thread)
   table.insert(threads, thread)
end

local function lines_of(name)
   local lines = {}
   for line in io.lines(name) do
      lines[#lines + 1] = line
   end
   return lines
end

function init(args)
   local folder, method = args[1], args[2]
   expected = tonumber(args[3])
   number = tonumber(args[4])
   keys = args[5]
   sent, as_expected, unexpected, sample, ran_out = 0, 0, 0, "", false
   is_get = method == "GET"

   local common = " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\n"
   if args[6] then
      common = common .. args[6] .. "\r\n"
   end
   if not is_get then
      common = common .. "Content-Type: application/json\r\n"
   end

   heads = {}
   for _, token in ipairs(lines_of(folder .. "/tokens")) do
      heads[#heads + 1] = common .. "Authorization: Bearer " .. token .. "\r\n"
   end
   if #heads == 0 then
      heads[1] = common
   end

   starts, rests = {}, {}
   for _, line in ipairs(lines_of(folder .. "/requests")) do
      local path, body = line:match("^([^\t]*)\t?(.*)$")
      starts[#starts + 1] = method .. " " .. path
      rests[#rests + 1] = is_get and "\r\n" or ("Content-Length: " .. #body .. "\r\n\r\n" .. body)
   end
   verified = false
end

function request()
   if number >= #starts and not is_get then
      ran_out = true
      wrk.thread:stop()
      return starts[1] .. heads[1] .. "\r\n"  -- wrk needs a request; without a body it books nothing
   end
   local index = number % #starts + 1
   local head = heads[number % #heads + 1]
   local key = ""
   if keys ~= "-" then
      key = "Idempotency-Key: " .. keys .. number .. "\r\n"
   end
   -- wrk first calls this once to validate the request, and does not send it.
   if verified then
      sent = sent + 1
      number = number + 1
   end
   verified = true
   return starts[index] .. head .. key .. rests[index]
end

function response(status, headers, body)
   if status == expected then
      as_expected = as_expected + 1
   else
      unexpected = unexpected + 1
      if sample == "" then
         sample = status .. " " .. body:sub(1, 300):gsub("%s+", " ")
      end
   end
end

function done(summary, latency, requests)
   local thread = threads[1]
   local errors = summary.errors
   print("sent " .. thread:get("sent"))
   print("expected " .. thread:get("as_expected"))
   print("unexpected " .. thread:get("unexpected"))
   print("failed " .. errors.connect + errors.read + errors.write + errors.timeout)
   print("microseconds " .. summary.duration)
   print("p50 " .. latency:percentile(50))
   print("p99 " .. latency:percentile(99))
   print("ran_out " .. (thread:get("ran_out") and 1 or 0))
   print("sample " .. thread:get("sample"))
end
