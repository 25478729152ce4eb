import JSON
import ModelProviders
import Testing

@testable import AgentEngine

@Suite(.timeLimit(.minutes(2))) struct TurnEventTests {
    static let events: [(event: TurnEvent, json: String)] = [
        (
            .ping(id: "ping-1", runID: "run-1", at: 0, sequence: nil),
            """
            {"id":"ping-1","date":"1970-01-01T00:00:00+00:00","name":null,"message_type":"ping","otid":null,\
            "sender_id":null,"step_id":null,"is_err":null,"seq_id":null,"run_id":"run-1"}
            """
        ),
        (.stopReason(.maxSteps), #"{"message_type":"stop_reason","stop_reason":"max_steps"}"#),
        (
            .usage(TurnUsage()),
            """
            {"message_type":"usage_statistics","completion_tokens":0,"prompt_tokens":0,"total_tokens":0,\
            "step_count":0,"run_ids":null,"cached_input_tokens":null,"cache_write_tokens":null,\
            "reasoning_tokens":null,"context_tokens":null}
            """
        ),
        (
            .failure(TurnFailure(ProviderFailure(.rateLimited, status: 429, message: "slow down")), runID: "run-1"),
            """
            {"message_type":"error_message","run_id":"run-1","error_type":"llm_rate_limit",\
            "message":"Rate limit exceeded for LLM model provider. Please wait before making another request.",\
            "detail":"RATE_LIMIT_EXCEEDED: slow down","seq_id":null}
            """
        ),
    ]

    @Test(arguments: events)
    func eventsAreWrittenAsClientsKnowThem(_ row: (event: TurnEvent, json: String)) {
        #expect(JSONWriter.string(of: row.event) == row.json)
    }

    @Test func onlyFailuresHaveANameInTheStream() {
        #expect(Self.events.map(\.event.streamName) == [nil, nil, nil, "error"])
    }

    @Test func usageAddsUpAndKeepsTheLastContext() {
        var usage = TurnUsage()
        usage.addStep(ModelUsage(promptTokens: 10, completionTokens: 2, cachedPromptTokens: 4, reasoningTokens: 1))
        usage.addStep(nil)
        usage.addStep(ModelUsage(promptTokens: 20, completionTokens: 3))
        #expect(
            JSONWriter.string(of: usage) == """
                {"message_type":"usage_statistics","completion_tokens":5,"prompt_tokens":30,"total_tokens":35,\
                "step_count":3,"run_ids":null,"cached_input_tokens":4,"cache_write_tokens":0,"reasoning_tokens":1,\
                "context_tokens":23}
                """)
    }

    static let failures: [(kind: ProviderFailure.Kind, upstream: Int?, type: String, status: Int, code: String)] = [
        (.badRequest, 400, "llm_bad_request", 400, "INVALID_ARGUMENT"),
        (.authentication, 401, "llm_authentication", 401, "UNAUTHENTICATED"),
        (.insufficientCredits, 402, "llm_insufficient_credits", 402, "PAYMENT_REQUIRED"),
        (.permissionDenied, 403, "llm_error", 500, "PERMISSION_DENIED"),
        (.notFound, 404, "llm_bad_request", 400, "NOT_FOUND"),
        (.timeout, 408, "llm_bad_request", 400, "INVALID_ARGUMENT"),
        (.timeout, nil, "llm_error", 500, "DEADLINE_EXCEEDED"),
        (.unprocessable, 422, "llm_error", 500, "INVALID_ARGUMENT"),
        (.rateLimited, 429, "llm_rate_limit", 429, "RATE_LIMIT_EXCEEDED"),
        (.server, 500, "llm_error", 500, "INTERNAL_SERVER_ERROR"),
        (.overloaded, 503, "llm_error", 503, "UNAVAILABLE"),
        (.overloaded, 529, "llm_error", 503, "UNAVAILABLE"),
        (.cut, nil, "llm_error", 500, "INTERNAL_SERVER_ERROR"),
        (.connection, nil, "llm_error", 500, "INTERNAL_SERVER_ERROR"),
    ]

    @Test(arguments: failures)
    func failuresOfTheModelHaveTheTypeAndStatusClientsKnow(
        _ row: (kind: ProviderFailure.Kind, upstream: Int?, type: String, status: Int, code: String)
    ) {
        let failure = TurnFailure(ProviderFailure(row.kind, status: row.upstream, message: "text"))
        #expect(failure.type == row.type)
        #expect(failure.status == row.status)
        #expect(failure.detail == "\(row.code): text")
    }

    @Test func aStopReasonDecidesTheStatusOfTheRun() {
        #expect(TurnStop.maxSteps.runStatus == "completed")
        #expect(TurnStop.modelError.runStatus == "failed")
        #expect(TurnStop.cancelled.runStatus == "cancelled")
    }
}
