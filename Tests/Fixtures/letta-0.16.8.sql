-- The tables of a Letta 0.16.8 database: names and types of columns, without defaults, keys and indexes.

CREATE TABLE agent_environment_variables (
    id text,
    key text,
    value text,
    description text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text,
    agent_id text,
    value_enc text
);
CREATE TABLE agents (
    id text,
    name text,
    created_at timestamp with time zone,
    description text,
    message_ids json,
    system text,
    agent_type text,
    llm_config json,
    embedding_config json,
    metadata_ json,
    tool_rules json,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text,
    project_id text,
    template_id text,
    base_template_id text,
    message_buffer_autoclear boolean,
    enable_sleeptime boolean,
    response_format json,
    last_run_completion timestamp with time zone,
    last_run_duration_ms integer,
    timezone text,
    max_files_open integer,
    per_file_view_window_char_limit integer,
    hidden boolean,
    entity_id text,
    deployment_id text,
    _vector_db_namespace text,
    last_stop_reason text,
    compaction_settings json
);
CREATE TABLE agents_tags (
    agent_id text,
    tag text
);
CREATE TABLE alembic_version (
    version_num text
);
CREATE TABLE archival_passages (
    id text,
    text text,
    embedding_config json,
    metadata_ json,
    embedding text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text,
    archive_id text,
    tags json
);
CREATE TABLE archives (
    name text,
    description text,
    metadata_ json,
    id text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text,
    vector_db_provider text,
    _vector_db_namespace text,
    embedding_config json
);
CREATE TABLE archives_agents (
    agent_id text,
    archive_id text,
    created_at timestamp with time zone,
    is_owner boolean
);
CREATE TABLE block (
    id text,
    value text,
    "limit" integer,
    template_name text,
    label text,
    metadata_ json,
    description text,
    is_template boolean,
    organization_id text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    current_history_entry_id text,
    version integer,
    read_only boolean,
    preserve_on_migration boolean,
    project_id text,
    entity_id text,
    base_template_id text,
    template_id text,
    deployment_id text,
    hidden boolean
);
CREATE TABLE block_history (
    description text,
    label text,
    value text,
    "limit" bigint,
    metadata_ json,
    actor_type text,
    actor_id text,
    block_id text,
    sequence_number integer,
    organization_id text,
    id text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text
);
CREATE TABLE blocks_agents (
    agent_id text,
    block_id text,
    block_label text
);
CREATE TABLE blocks_conversations (
    conversation_id text,
    block_id text,
    block_label text
);
CREATE TABLE blocks_tags (
    block_id text,
    tag text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text
);
CREATE TABLE conversation_messages (
    id text,
    conversation_id text,
    agent_id text,
    message_id text,
    "position" integer,
    in_context boolean,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text
);
CREATE TABLE conversations (
    id text,
    agent_id text,
    summary text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text,
    model text,
    model_settings json,
    last_message_at timestamp with time zone
);
CREATE TABLE file_contents (
    file_id text,
    text text,
    id text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text
);
CREATE TABLE files (
    id text,
    source_id text,
    file_name text,
    file_path text,
    file_type text,
    file_size integer,
    file_creation_date text,
    file_last_modified_date text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text,
    processing_status text,
    error_message text,
    original_file_name text,
    total_chunks integer,
    chunks_embedded integer
);
CREATE TABLE files_agents (
    id text,
    file_id text,
    agent_id text,
    is_open boolean,
    visible_content text,
    last_accessed_at timestamp with time zone,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text,
    file_name text,
    source_id text,
    start_line integer,
    end_line integer
);
CREATE TABLE groups (
    id text,
    description text,
    manager_type text,
    manager_agent_id text,
    termination_token text,
    max_turns integer,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text,
    agent_ids json,
    sleeptime_agent_frequency integer,
    turns_counter integer,
    last_processed_message_id text,
    max_message_buffer_length integer,
    min_message_buffer_length integer,
    project_id text,
    base_template_id text,
    template_id text,
    deployment_id text,
    hidden boolean
);
CREATE TABLE groups_agents (
    group_id text,
    agent_id text
);
CREATE TABLE groups_blocks (
    group_id text,
    block_id text
);
CREATE TABLE identities (
    id text,
    identifier_key text,
    name text,
    identity_type text,
    project_id text,
    organization_id text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    properties json
);
CREATE TABLE identities_agents (
    identity_id text,
    agent_id text
);
CREATE TABLE identities_blocks (
    identity_id text,
    block_id text
);
CREATE TABLE jobs (
    id text,
    user_id text,
    status text,
    created_at timestamp with time zone,
    completed_at timestamp without time zone,
    metadata_ json,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    job_type text,
    request_config json,
    callback_url text,
    callback_sent_at timestamp without time zone,
    callback_status_code integer,
    callback_error text,
    ttft_ns bigint,
    total_duration_ns bigint,
    organization_id text,
    stop_reason text,
    background boolean
);
CREATE TABLE llm_batch_items (
    id text,
    llm_config json,
    request_status text,
    step_status text,
    step_state json,
    batch_request_result json,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text,
    agent_id text,
    llm_batch_id text
);
CREATE TABLE llm_batch_job (
    id text,
    status text,
    llm_provider text,
    create_batch_response json,
    latest_polling_response json,
    last_polled_at timestamp with time zone,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text,
    letta_batch_job_id text
);
CREATE TABLE mcp_oauth (
    id text,
    state text,
    server_id text,
    server_url text,
    server_name text,
    authorization_url text,
    authorization_code text,
    access_token text,
    refresh_token text,
    token_type text,
    expires_at timestamp with time zone,
    scope text,
    client_id text,
    client_secret text,
    redirect_uri text,
    status text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text,
    user_id text,
    access_token_enc text,
    refresh_token_enc text,
    client_secret_enc text,
    authorization_code_enc text
);
CREATE TABLE mcp_server (
    id text,
    server_name text,
    server_type text,
    server_url text,
    stdio_config json,
    organization_id text,
    is_deleted boolean,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    _created_by_id text,
    _last_updated_by_id text,
    metadata_ json,
    token text,
    custom_headers json,
    token_enc text,
    custom_headers_enc text
);
CREATE TABLE mcp_tools (
    mcp_server_id text,
    tool_id text,
    id text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text
);
CREATE TABLE messages (
    id text,
    agent_id text,
    role text,
    text text,
    model text,
    name text,
    tool_calls json,
    tool_call_id text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text,
    step_id text,
    otid text,
    tool_returns json,
    group_id text,
    content json,
    sequence_id bigint,
    sender_id text,
    batch_item_id text,
    is_err boolean,
    approval_request_id text,
    approve boolean,
    denial_reason text,
    run_id text,
    approvals json,
    conversation_id text
);
CREATE TABLE organizations (
    id text,
    name text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    privileged_tools boolean
);
CREATE TABLE passage_tags (
    id text,
    tag text,
    passage_id text,
    archive_id text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text
);
CREATE TABLE prompts (
    id text,
    prompt text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    project_id text
);
CREATE TABLE provider_models (
    handle text,
    display_name text,
    name text,
    provider_id text,
    organization_id text,
    model_type text,
    enabled boolean,
    model_endpoint_type text,
    max_context_window integer,
    supports_token_streaming boolean,
    supports_tool_calling boolean,
    embedding_dim integer,
    id text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text
);
CREATE TABLE provider_trace_metadata (
    id text,
    step_id text,
    agent_id text,
    agent_tags json,
    call_type text,
    run_id text,
    source text,
    org_id text,
    user_id text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text
);
CREATE TABLE provider_traces (
    id text,
    request_json json,
    response_json json,
    step_id text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text,
    agent_id text,
    agent_tags json,
    call_type text,
    run_id text,
    source text,
    org_id text,
    user_id text,
    compaction_settings json,
    llm_config json
);
CREATE TABLE providers (
    name text,
    api_key text,
    id text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text,
    provider_type text,
    base_url text,
    provider_category text,
    access_key text,
    region text,
    api_version text,
    api_key_enc text,
    access_key_enc text,
    last_synced timestamp with time zone
);
CREATE TABLE run_metrics (
    id text,
    run_start_ns bigint,
    run_ns bigint,
    num_steps integer,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    project_id text,
    agent_id text,
    organization_id text,
    base_template_id text,
    template_id text,
    deployment_id text,
    tools_used json
);
CREATE TABLE runs (
    id text,
    status text,
    completed_at timestamp without time zone,
    stop_reason text,
    background boolean,
    metadata_ json,
    request_config json,
    agent_id text,
    callback_url text,
    callback_sent_at timestamp without time zone,
    callback_status_code integer,
    callback_error text,
    ttft_ns bigint,
    total_duration_ns bigint,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text,
    project_id text,
    base_template_id text,
    template_id text,
    deployment_id text,
    conversation_id text
);
CREATE TABLE sandbox_configs (
    id text,
    type text,
    config json,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text
);
CREATE TABLE sandbox_environment_variables (
    id text,
    key text,
    value text,
    description text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text,
    sandbox_config_id text,
    value_enc text
);
CREATE TABLE source_passages (
    id text,
    text text,
    embedding_config json,
    metadata_ json,
    embedding text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text,
    file_id text,
    source_id text,
    file_name text,
    tags json
);
CREATE TABLE sources (
    id text,
    name text,
    created_at timestamp with time zone,
    embedding_config json,
    description text,
    metadata_ json,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text,
    instructions text,
    vector_db_provider text
);
CREATE TABLE sources_agents (
    agent_id text,
    source_id text
);
CREATE TABLE step_metrics (
    id text,
    organization_id text,
    provider_id text,
    llm_request_ns bigint,
    tool_execution_ns bigint,
    step_ns bigint,
    base_template_id text,
    template_id text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    project_id text,
    agent_id text,
    step_start_ns bigint,
    llm_request_start_ns bigint,
    run_id text
);
CREATE TABLE steps (
    completion_tokens integer,
    prompt_tokens integer,
    total_tokens integer,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    id text,
    origin text,
    organization_id text,
    provider_id text,
    provider_name text,
    model text,
    context_window_limit integer,
    completion_tokens_details json,
    tags json,
    tid text,
    model_endpoint text,
    trace_id text,
    agent_id text,
    provider_category text,
    feedback text,
    project_id text,
    stop_reason text,
    error_type text,
    error_data json,
    status text,
    run_id text,
    prompt_tokens_details json,
    request_id text,
    model_handle text,
    cached_input_tokens integer,
    cache_write_tokens integer,
    reasoning_tokens integer
);
CREATE TABLE tools (
    id text,
    name text,
    description text,
    source_type text,
    source_code text,
    json_schema json,
    tags json,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text,
    return_char_limit integer,
    tool_type text,
    args_json_schema json,
    metadata_ json,
    pip_requirements json,
    npm_requirements json,
    default_requires_approval boolean,
    enable_parallel_execution boolean,
    project_id text
);
CREATE TABLE tools_agents (
    agent_id text,
    tool_id text
);
CREATE TABLE users (
    id text,
    name text,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    is_deleted boolean,
    _created_by_id text,
    _last_updated_by_id text,
    organization_id text
);
