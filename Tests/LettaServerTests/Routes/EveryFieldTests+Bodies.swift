import JSON
import LettaAPI
import TestSupport
import Testing

// MARK: Samples

extension EveryFieldTests {
    /// The bodies that store nothing that has their fields, with the reason.
    static let unstored: [String: String] = [
        "POST /v1/auth": "a password", "POST /v1/server/session": "a password",
        "POST /v1/blocks/{block_id}/restore": "names a version",
        "PUT /v1/quotas/": "UsageTests reads it back",
        "POST /v1/api-keys/": "APIKeyTests reads it back",
        "PATCH /v1/api-keys/{key_id}": "APIKeyTests reads it back",
        "POST /v1/chat/completions": "a turn", "POST /v1/voice/chat/completions": "a turn",
        "POST /v1/voice-beta/{agent_id}/chat/completions": "a turn", "POST /v1/responses": "a turn",
        "POST /v1/agents/search": "a search", "POST /v1/passages/search": "a search",
        "POST /v1/search/explain": "a search",
        "PATCH /v1/server/backup-schedule": "BackupScheduleTests reads it back",
        "PATCH /v1/server/settings": "ServerSettingTests reads it back",
        "POST /v1/messages/search": "a search", "POST /v1/agents/messages/search": "a search",
        "POST /v1/agents/{agent_id}/messages": "a turn", "POST /v1/agents/{agent_id}/messages/stream": "a turn",
        "POST /v1/agents/{agent_id}/messages/async": "a turn", "POST /v1/agents/{agent_id}/generate": "a turn",
        "POST /v1/agents/{agent_id}/messages/preview-raw-payload": "a turn",
        "POST /v1/agents/{agent_id}/messages/cancel": "ends turns",
        "PATCH /v1/agents/{agent_id}/reset-messages": "says what to do",
        "PATCH /v1/agents/{agent_id}/tools/approval/{tool_name}": "becomes a tool rule",
        "POST /v1/agents/{agent_id}/tools/{tool_name}/run": "stores nothing",
        "POST /v1/runs/{run_id}/stream": "reads", "POST /v1/tools/run": "stores nothing",
        "POST /v1/tools/generate-schema": "stores nothing",
        "POST /v1/tools/generate-tool": "stores nothing",
        "PATCH /v1/agents/{agent_id}/core-memory/blocks/{block_label}": "the body of PATCH /v1/blocks/{block_id}",
        "PATCH /v1/_internal_agents/{agent_id}/core-memory/blocks/{block_label}":
            "the body of PATCH /v1/blocks/{block_id}",
        "POST /v1/_internal_blocks/": "the body of POST /v1/blocks/",
        "PUT /v1/tools/": "the body of POST /v1/tools/",
        "PUT /v1/identities/{identity_id}/properties": "is a list",
        "POST /v1/admin/orgs/": "AccountTests reads it in a list",
        "PATCH /v1/admin/orgs/": "AccountTests reads it in a list",
        "POST /v1/admin/users/": "AccountTests reads it in a list",
        "PUT /v1/admin/users/": "AccountTests reads it in a list",
        "PATCH /v1/agents/{agent_id}/archival-memory/{memory_id}": "ArchivalMemoryTests reads it in a list",
        "POST /v1/providers/check": "stores nothing",
        // One row of each type: SandboxConfigTests reads them back.
        "POST /v1/sandbox-config/": "replaces the row of a type",
        "POST /v1/sandbox-config/local": "replaces the row of a type",
        "PATCH /v1/sandbox-config/{sandbox_config_id}": "replaces the row of a type",
        "POST /v1/sandbox-config/{sandbox_config_id}/environment-variable": "is read in a list",
        "PATCH /v1/sandbox-config/environment-variable/{env_var_id}": "is read in a list",
        // MCPServerTests reads them back.
        "PUT /v1/tools/mcp/servers": "is read by its name",
        "PATCH /v1/tools/mcp/servers/{mcp_server_name}": "is read by its name",
        "POST /v1/tools/search": "a search",
        "POST /v1/mcp-servers/{mcp_server_id}/tools/{tool_id}/run": "stores nothing",
        "POST /v1/tools/mcp/servers/{mcp_server_name}/tools/{tool_name}/execute": "stores nothing",
        "POST /v1/tools/mcp/servers/{mcp_server_name}/{mcp_tool_name}": "names a tool",
        "POST /v1/tools/mcp/servers/test": "stores nothing", "POST /v1/tools/mcp/servers/connect": "stores nothing",
        "POST /v1/conversations/{conversation_id}/recompile": "says whose conversation",
        "POST /v1/conversations/{conversation_id}/messages/preview-raw-payload": "a turn",
        "POST /v1/conversations/{conversation_id}/messages": "a turn",
        "POST /v1/conversations/{conversation_id}/stream": "reads",
        "POST /v1/agents/{agent_id}/summarize": "says how, once",
        "POST /v1/conversations/{conversation_id}/compact": "says how, once",
        // TemplateTests, TemplateAgentTests and InternalTemplateTests read them back.
        "POST /v1/templates": "is read as a snapshot", "POST /v1/templates/{project_id}": "is read as a snapshot",
        "PATCH /v1/templates/{template_name}": "is read as a snapshot",
        "POST /v1/templates/{template_name}/rollback": "names a version",
        "POST /v1/templates/{template_name}/save": "is read in a list",
        "POST /v1/templates/{project_id}/{template_name}": "is read in a list",
        "POST /v1/templates/{template_version}/agents": "becomes an agent",
        "POST /v1/templates/{project_id}/{template_version}/agents": "becomes an agent",
        "POST /v1/templates/{project_id}/{template_version}/fork": "a name",
        "PUT /v1/templates/{project_id}/{template_version}/snapshot": "is read as it is",
        "PATCH /v1/templates/{project_id}/{template_name}/name": "is read in a list",
        "PATCH /v1/templates/{project_id}/{template_name}/description": "is read in a list",
        "POST /v1/templates/{project_id}/{template_name}/deployments/{deployment_id}/migrate": "names a version",
        "POST /v1/agents/{agent_id}/migrate": "names a version",
        "POST /v1/_internal_templates/agents": "the body of POST /v1/agents/ with the ids of a template",
        "POST /v1/_internal_templates/groups": "the body of POST /v1/groups/ with the ids of a template",
        "POST /v1/_internal_templates/blocks": "the body of POST /v1/blocks/ with the ids of a template",
        "POST /v1/_internal_templates/blocks/batch": "is a list",
        "POST /v1/agents/{agent_id}/export": "reads",
        "POST /v1/groups/{group_id}/messages": "turns", "POST /v1/groups/{group_id}/messages/stream": "turns",
        "POST /v1/_internal_search/cache-warm": "stores nothing",
        "POST /v1/messages/batches": "BatchTests reads what its items became",
        "POST /v1/agents/{agent_id}/schedule": "ScheduleTests reads it under another name",
        "POST /v1/client-side-access-tokens": "AccessTokenTests reads it in a list",
    ]

    static let bodies: [Body] =
        otherBodies + [
            Body(
                verb: .post, path: "/v1/folders/", needs: newFolder, read: "/v1/folders/{id}",
                samples: folder.merging(newFolderSamples) { $1 }),
            Body(
                verb: .post, path: "/v1/sources/", needs: newFolder, read: "/v1/sources/{id}",
                samples: folder.merging(newFolderSamples) { $1 }),
            Body(
                verb: .patch, path: "/v1/folders/{folder_id}",
                prepare: { try await $0.make("/v1/folders/", newFolder, as: "folder_id") },
                read: "/v1/folders/{folder_id}", samples: folder),
            Body(
                verb: .patch, path: "/v1/sources/{source_id}",
                prepare: { try await $0.make("/v1/sources/", newFolder, as: "source_id") },
                read: "/v1/sources/{source_id}", samples: folder),
            Body(
                verb: .post, path: "/v1/archives/", needs: ["name": "n"], read: "/v1/archives/{id}",
                samples: [
                    "name": .init(sent: "one"), "description": .init(sent: "d"),
                    "embedding": .init(sent: embedding, shown: ["embedding_config": ["handle": embedding]]),
                    "embedding_config": .init(sent: embeddingConfig),
                ]),
            Body(
                verb: .post, path: "/v1/archives/{archive_id}/embedding", needs: ["embedding_config": embeddingConfig],
                prepare: { try await $0.make("/v1/archives/", ["name": "n"], as: "archive_id") },
                read: "/v1/archives/{archive_id}/embedding", samples: newEmbedding),
            Body(
                verb: .post, path: "/v1/folders/{folder_id}/embedding", needs: ["embedding_config": embeddingConfig],
                prepare: { try await $0.make("/v1/folders/", newFolder, as: "folder_id") },
                read: "/v1/folders/{folder_id}/embedding", samples: newEmbedding),
            Body(
                verb: .patch, path: "/v1/archives/{archive_id}",
                prepare: { try await $0.make("/v1/archives/", ["name": "n"], as: "archive_id") },
                read: "/v1/archives/{archive_id}",
                samples: ["name": .init(sent: "one"), "description": .init(sent: "d")]),
            Body(
                verb: .post, path: "/v1/identities/", needs: newIdentity, read: "/v1/identities/{id}",
                samples: identity.merging(["project_id": .init(sent: "p")]) { $1 }),
            Body(
                verb: .put, path: "/v1/identities/", needs: newIdentity, read: "/v1/identities/{id}",
                samples: identity.merging(["project_id": .init(sent: "p")]) { $1 }),
            Body(
                verb: .patch, path: "/v1/identities/{identity_id}",
                prepare: { try await $0.make("/v1/identities/", newIdentity, as: "identity_id") },
                read: "/v1/identities/{identity_id}", samples: identity),
            Body(
                verb: .post, path: "/v1/providers/", needs: newProvider, read: "/v1/providers/{id}",
                samples: provider.merging([
                    "name": .init(sent: "other"), "provider_type": .init(sent: "letta"),
                ]) { $1 }, unread: ["api_key": "has to be there, and is never shown"]),
            Body(
                verb: .patch, path: "/v1/providers/{provider_id}",
                prepare: { try await $0.make("/v1/providers/", newProvider, as: "provider_id") },
                read: "/v1/providers/{provider_id}",
                samples: provider, unread: ["api_key": "has to be there, and is never shown"]),
            Body(
                verb: .post, path: "/v1/blocks/", needs: ["label": "l"], read: "/v1/blocks/{id}", samples: block),
            Body(
                verb: .patch, path: "/v1/blocks/{block_id}",
                prepare: { try await $0.make("/v1/blocks/", ["label": "l"], as: "block_id") },
                read: "/v1/blocks/{block_id}", samples: block),
            Body(
                verb: .post, path: "/v1/tools/", needs: newTool, read: "/v1/tools/{id}",
                samples: tool.merging(["source_code": .init(sent: "def other_{n}(): pass")]) { $1 },
                unread: ["name": "of a tool without source", "parameters": "of a tool without source"]),
            Body(
                verb: .patch, path: "/v1/tools/{tool_id}",
                prepare: { try await $0.make("/v1/tools/", newTool, as: "tool_id") },
                read: "/v1/tools/{tool_id}",
                samples: tool.merging([
                    // Source and schema have to agree on the name.
                    "source_code": .init(sent: "def other_{n}(): pass", with: ["json_schema": schema("other_{n}")]),
                    "json_schema": .init(sent: schema("schema_{n}"), with: ["source_code": "def schema_{n}(): pass"]),
                    "args_json_schema": .init(sent: arguments, with: ["source_code": "def args_{n}(): pass"]),
                    "metadata_": .init(sent: ["a": 1]),
                ]) { $1 },
                unread: ["name": "has to be the name in the schema and the source"]),
            Body(
                verb: .post, path: "/v1/archives/{archive_id}/passages", needs: ["text": "#{n}#"],
                read: "/v1/agents/{agent_id}/archival-memory?search=%23{n}%23", isListed: true,
                samples: passage.merging(["metadata": .init(sent: ["a": 1])]) { $1 }),
            Body(
                verb: .post, path: "/v1/archives/{archive_id}/passages/batch", needs: ["passages": []],
                read: "/v1/agents/{agent_id}/archival-memory?search=%23{n}%23", isListed: true,
                samples: [
                    "passages": .init(
                        sent: [["text": "#{n}#", "tags": ["t"], "metadata": ["a": 1]]],
                        shown: ["text": "#{n}#", "tags": ["t"], "metadata": ["a": 1]])
                ]),
            Body(
                verb: .post, path: "/v1/agents/{agent_id}/archival-memory", needs: ["text": "#{n}#"],
                read: "/v1/agents/{agent_id}/archival-memory?search=%23{n}%23", isListed: true, samples: passage),
            Body(
                verb: .patch, path: "/v1/steps/{step_id}/feedback", needs: ["feedback": nil],
                prepare: { server in
                    let turn = try await server.send(.post, "/v1/agents/{agent_id}/messages", ["input": "Hi."])
                    server["step_id"] = try #require(turn.json["messages"]?[0]?["step_id"]?.string, "\(turn.text)")
                }, read: "/v1/steps/{step_id}",
                samples: ["feedback": .init(sent: "positive"), "tags": .init(sent: ["t"])]),
            Body(
                verb: .post, path: "/v1/agents/",
                needs: ["model": model, "include_base_tools": false, "include_base_tool_rules": false],
                read: "/v1/agents/{id}",
                samples: agent.merging([
                    "agent_type": .init(sent: "memgpt_v2_agent"),
                    "instructions": .init(sent: "Be brief.", shown: ["system": "Be brief."]),
                    "memory_blocks": .init(
                        sent: [["label": "persona", "value": "v"]],
                        shown: ["blocks": [["label": "persona", "value": "v"]]]),
                    "memory_variables": .init(
                        sent: ["who": "Ann"], shown: ["variables": ["who": "Ann"]],
                        path: "/v1/agents/{id}/core-memory/variables"),
                    "tools": .init(sent: ["memory"], shown: ["tools": [["name": "memory"]]]),
                    "embedding_chunk_size": .init(
                        sent: 77, shown: ["embedding_config": ["embedding_chunk_size": 77]],
                        with: ["embedding": embedding]),
                    "max_reasoning_tokens": .init(sent: 33, shown: ["llm_config": ["max_reasoning_tokens": 33]]),
                    "enable_reasoner": .init(sent: true, shown: ["llm_config": ["enable_reasoner": true]]),
                ]) { $1 },
                unread: [
                    "include_base_tools": "chooses the tools it starts with",
                    "include_multi_agent_tools": "chooses the tools it starts with",
                    "include_base_tool_rules": "chooses the tool rules it starts with",
                    "initial_message_sequence": "becomes messages of its context",
                    "from_template": "TemplateAgentTests reads what it gives",
                ]),
            Body(
                verb: .patch, path: "/v1/agents/{agent_id}",
                prepare: {
                    try await $0.make(
                        "/v1/agents/", ["name": "Bob", "model": model, "include_base_tools": false], as: "agent_id")
                },
                read: "/v1/agents/{agent_id}",
                samples: agent.merging([
                    "instructions": .init(sent: "Be kind.", shown: ["system": "Be kind."]),
                    "last_run_completion": .init(sent: "2026-01-02T03:04:05.678901Z"),
                    "last_run_duration_ms": .init(sent: 12), "last_stop_reason": .init(sent: "end_turn"),
                ]) { $1 },
                unread: ["message_ids": "replaces the context, whose messages have to be the agent's"]),
        ]

    private static let otherBodies: [Body] = [
        Body(
            verb: .post, path: "/v1/groups/", needs: ["agent_ids": [], "description": "d"], read: "/v1/groups/{id}",
            samples: group.merging(["hidden": .init(sent: true)]) { $1 }),
        Body(
            verb: .patch, path: "/v1/groups/{group_id}",
            prepare: { try await $0.make("/v1/groups/", ["agent_ids": [], "description": "d"], as: "group_id") },
            read: "/v1/groups/{group_id}", samples: group),
        Body(
            verb: .post, path: "/v1/conversations/", query: "?agent_id={agent_id}", read: "/v1/conversations/{id}",
            samples: conversation.merging([
                "isolated_block_labels": .init(sent: ["persona"], shown: ["isolated_block_ids": .elements(1)]),
                "hidden": .init(sent: true),
            ]) { $1 }),
        Body(
            verb: .patch, path: "/v1/conversations/{conversation_id}",
            prepare: { try await $0.make("/v1/conversations/?agent_id={agent_id}", [:], as: "conversation_id") },
            read: "/v1/conversations/{conversation_id}",
            samples: conversation.merging([
                "last_message_at": .init(sent: "2026-01-02T03:04:05.678901Z"), "archived": .init(sent: true),
            ]) { $1 }),
        Body(
            verb: .post, path: "/v1/mcp-servers/", needs: newServer, read: "/v1/mcp-servers/{id}", samples: mcpServer),
        Body(
            verb: .patch, path: "/v1/mcp-servers/{mcp_server_id}",
            prepare: { try await $0.make("/v1/mcp-servers/", newServer, as: "mcp_server_id") },
            read: "/v1/mcp-servers/{mcp_server_id}", samples: mcpServer),
    ]

    private static let newServer: JSONObject = [
        "server_name": "s{n}", "config": ["mcp_server_type": "stdio", "command": "c", "args": []],
    ]

    private static let mcpServer: [String: Sample] = [
        "server_name": .init(sent: "other{n}"),
        "config": .init(
            sent: [
                "mcp_server_type": "sse", "server_url": "http://a", "auth_header": "H", "auth_token": "t",
                "custom_headers": ["X": "v"],
            ],
            shown: [
                "mcp_server_type": "sse", "server_url": "http://a", "auth_header": "H", "auth_token": "********",
                "custom_headers": ["X": "********"],
            ]),
    ]

    private static let newFolder: JSONObject = ["name": "f{n}", "embedding_config": embeddingConfig]

    private static let newFolderSamples: [String: Sample] = [
        "embedding": .init(
            sent: embedding, shown: ["embedding_config": ["handle": embedding]], with: ["embedding_config": nil]),
        "embedding_chunk_size": .init(sent: 77, shown: ["embedding_config": ["embedding_chunk_size": 77]]),
    ]

    private static let newEmbedding: [String: Sample] = [
        "embedding": .init(
            sent: embedding, shown: ["embedding_config": ["handle": embedding]], with: ["embedding_config": nil]),
        "embedding_config": .init(
            sent: ["embedding_endpoint_type": "openai", "embedding_model": "other", "embedding_dim": 3]),
    ]

    /// What creating and changing a folder have in common.
    private static let folder: [String: Sample] = [
        "name": .init(sent: "other{n}"), "description": .init(sent: "d"), "instructions": .init(sent: "i"),
        "metadata": .init(sent: ["a": 1]),
        "embedding_config": .init(
            sent: ["embedding_endpoint_type": "openai", "embedding_model": "other", "embedding_dim": 3]),
    ]

    private static let newIdentity: JSONObject = ["identifier_key": "k{n}", "name": "n", "identity_type": "user"]

    private static let newProvider: JSONObject = ["name": "p{n}", "provider_type": "google_vertex", "api_key": "k"]

    /// What creating and changing a provider have in common. A new address needs the key, too.
    private static let provider: [String: Sample] = [
        "access_key": .init(sent: "a", shown: ["access_key_enc": "********"]), "region": .init(sent: "r"),
        "base_url": .init(sent: "http://localhost/v1", with: ["api_key": "k2"]), "api_version": .init(sent: "v"),
    ]

    /// What creating, replacing and changing an identity have in common.
    private static let identity: [String: Sample] = [
        "identifier_key": .init(sent: "other{n}"), "name": .init(sent: "other"), "identity_type": .init(sent: "org"),
        "agent_ids": .init(sent: ["{agent_id}"]), "block_ids": .init(sent: ["{block}"]),
        "properties": .init(sent: [["key": "a", "value": ["b": 1], "type": "json"]]),
    ]

    private static let group: [String: Sample] = [
        "agent_ids": .init(sent: ["{agent_id}"]), "description": .init(sent: "other"),
        "manager_config": .init(sent: ["manager_type": "round_robin", "max_turns": 7], shown: ["max_turns": 7]),
        "project_id": .init(sent: "p"), "shared_block_ids": .init(sent: ["{block}"]),
    ]

    private static let conversation: [String: Sample] = [
        "summary": .init(sent: "s"), "model": .init(sent: "openai-proxy/gpt-4.1"), "description": .init(sent: "d"),
        "context_window_limit": .init(sent: 9_000),
        "model_settings": .init(sent: ["provider_type": "openai", "temperature": 0.25]),
    ]

    static let embedding: JSONValue = "openai/text-embedding-3-small"
    private static let embeddingConfig: JSONValue = [
        "embedding_endpoint_type": "openai", "embedding_model": "m", "embedding_dim": 7, "batch_size": 9,
    ]

    private static let block: [String: Sample] = [
        "label": .init(sent: "other"), "value": .init(sent: "v"), "limit": .init(sent: 77),
        "description": .init(sent: "d"), "metadata": .init(sent: ["a": 1]), "read_only": .init(sent: true),
        "tags": .init(sent: ["x", "y"]), "hidden": .init(sent: true), "is_template": .init(sent: true),
        "template_name": .init(sent: "n"), "preserve_on_migration": .init(sent: true), "project_id": .init(sent: "p"),
        "template_id": .init(sent: "t"), "base_template_id": .init(sent: "b"), "deployment_id": .init(sent: "d"),
        "entity_id": .init(sent: "e"),
    ]

    private static let newTool: JSONObject = ["source_code": "def f(): pass", "json_schema": schema("tool_{n}")]

    private static func schema(_ name: JSONValue) -> JSONValue {
        ["name": name, "description": "s", "parameters": ["type": "object", "properties": [:], "required": []]]
    }

    private static let arguments: JSONValue = ["type": "object", "properties": ["a": ["type": "string"]]]

    private static let tool: [String: Sample] = [
        "description": .init(sent: "d"), "tags": .init(sent: ["x"]),
        "source_type": .init(
            sent: "json", with: ["json_schema": schema("typed_{n}"), "source_code": "def typed_{n}(): pass"]),
        "json_schema": .init(sent: schema("schema_{n}")),
        "args_json_schema": .init(sent: arguments, with: ["json_schema": schema("args_{n}")]),
        "return_char_limit": .init(sent: 77), "pip_requirements": .init(sent: [["name": "p", "version": "1"]]),
        "npm_requirements": .init(sent: [["name": "q", "version": "2"]]),
        "default_requires_approval": .init(sent: true), "enable_parallel_execution": .init(sent: true),
    ]

    private static let passage: [String: Sample] = [
        "text": .init(sent: "other #{n}#"), "tags": .init(sent: ["x"]),
        "created_at": .init(sent: "2020-01-02T03:04:05Z", shown: ["created_at": "2020-01-02T03:04:05.000000Z"]),
    ]

    /// What creating and changing an agent have in common.
    private static let agent: [String: Sample] = [
        "name": .init(sent: "Grace"), "system": .init(sent: "Be brief."), "description": .init(sent: "d"),
        "metadata": .init(sent: ["a": [1, nil]]), "tags": .init(sent: ["x", "y"]),
        "block_ids": .init(sent: ["{block}"], shown: ["blocks": [["id": "{block}"]]]),
        "identity_ids": .init(sent: ["{identity}"]),
        "folder_ids": .init(sent: ["{folder}"], shown: ["sources": [["id": "{folder}"]]]),
        "source_ids": .init(sent: ["{folder}"], shown: ["sources": [["id": "{folder}"]]]),
        "tool_ids": .init(sent: ["{tool}"], shown: ["tools": [["id": "{tool}"]]]),
        "tool_rules": .init(sent: [["type": "exit_loop", "tool_name": "t"]]),
        "model": .init(sent: "openai-proxy/gpt-4.1"),
        "embedding": .init(
            sent: embedding, shown: ["embedding": embedding, "embedding_config": ["handle": embedding]]),
        "embedding_config": .init(sent: embeddingConfig),
        "model_settings": .init(sent: ["provider_type": "openai", "temperature": 0.25]),
        "llm_config": .init(sent: ["model": "m", "model_endpoint_type": "openai", "context_window": 777]),
        "compaction_settings": .init(sent: ["mode": "all", "clip_chars": 9]),
        "context_window_limit": .init(sent: 5000, shown: ["llm_config": ["context_window": 5000]]),
        "max_tokens": .init(sent: 99, shown: ["llm_config": ["max_tokens": 99]]),
        "reasoning": .init(sent: true, shown: ["llm_config": ["enable_reasoner": true]]),
        "parallel_tool_calls": .init(sent: true, shown: ["llm_config": ["parallel_tool_calls": true]]),
        "response_format": .init(sent: ["type": "json_object"]),
        "secrets": .init(sent: ["K": "v"], shown: ["secrets": [["key": "K"]]]),
        "tool_exec_environment_variables": .init(sent: ["L": "v"], shown: ["secrets": [["key": "L"]]]),
        "message_buffer_autoclear": .init(sent: true), "enable_sleeptime": .init(sent: true),
        "timezone": .init(sent: "Europe/Berlin"), "max_files_open": .init(sent: 3),
        "per_file_view_window_char_limit": .init(sent: 77), "hidden": .init(sent: true),
        "project_id": .init(sent: "p"), "template_id": .init(sent: "t"), "base_template_id": .init(sent: "b"),
    ]
}
