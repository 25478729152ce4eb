import Storage

extension Migration {
    /// Agents of a model, and those whose last run failed, are listed without reading all others.
    static let agentsByModelAndFailure = Migration(number: 45, name: "agents by model and failure") { _ in
        [
            "CREATE INDEX agent_by_model ON agent (organization_id, model, created_at, id)",
            """
            CREATE INDEX agent_failed ON agent (organization_id, created_at, id)
            WHERE last_stop_reason IN (
                'error', 'llm_api_error', 'invalid_llm_response', 'invalid_tool_call', 'max_tokens_exceeded',
                'no_tool_call', 'insufficient_credits', 'context_window_overflow_in_system_prompt')
            """,
        ]
    }
}
