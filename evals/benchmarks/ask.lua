-- What `citewire benchmark --http` has wrk do: ask the questions of a file in turn, then print
-- its figures as JSON. wrk … URL -- BODIES.jsonl; times in microseconds.

local bodies, asked = {}, 0

function init(arguments)
    for line in io.lines(arguments[1]) do bodies[#bodies + 1] = line end
end

function request()
    asked = asked % #bodies + 1
    return wrk.format("POST", nil, { ["Content-Type"] = "application/json" }, bodies[asked])
end

function done(summary, latency, requests)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    print(string.format(
        '{"requests": %d, "took_us": %d, "p50_us": %.0f, "p99_us": %.0f, "failed": %d}',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed))
end
