// Made by scripts/dashboard-files.

#include "Dashboard.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char api_js[] = {
#embed "Web/api.js"
};

static const unsigned char app_css[] = {
#embed "Web/app.css"
};

static const unsigned char app_js[] = {
#embed "Web/app.js"
};

static const unsigned char icon_svg[] = {
#embed "Web/icon.svg"
};

static const unsigned char index_html[] = {
#embed "Web/index.html"
};

static const unsigned char live_js[] = {
#embed "Web/live.js"
};

static const unsigned char parts_bars_js[] = {
#embed "Web/parts/bars.js"
};

static const unsigned char parts_calls_js[] = {
#embed "Web/parts/calls.js"
};

static const unsigned char parts_checks_js[] = {
#embed "Web/parts/checks.js"
};

static const unsigned char parts_code_js[] = {
#embed "Web/parts/code.js"
};

static const unsigned char parts_dialog_js[] = {
#embed "Web/parts/dialog.js"
};

static const unsigned char parts_diff_js[] = {
#embed "Web/parts/diff.js"
};

static const unsigned char parts_editor_js[] = {
#embed "Web/parts/editor.js"
};

static const unsigned char parts_focus_js[] = {
#embed "Web/parts/focus.js"
};

static const unsigned char parts_found_js[] = {
#embed "Web/parts/found.js"
};

static const unsigned char parts_images_js[] = {
#embed "Web/parts/images.js"
};

static const unsigned char parts_keys_js[] = {
#embed "Web/parts/keys.js"
};

static const unsigned char parts_markdown_js[] = {
#embed "Web/parts/markdown.js"
};

static const unsigned char parts_marked_js[] = {
#embed "Web/parts/marked.js"
};

static const unsigned char parts_palette_js[] = {
#embed "Web/parts/palette.js"
};

static const unsigned char parts_rows_js[] = {
#embed "Web/parts/rows.js"
};

static const unsigned char parts_seen_js[] = {
#embed "Web/parts/seen.js"
};

static const unsigned char parts_stream_js[] = {
#embed "Web/parts/stream.js"
};

static const unsigned char parts_text_js[] = {
#embed "Web/parts/text.js"
};

static const unsigned char parts_timeline_js[] = {
#embed "Web/parts/timeline.js"
};

static const unsigned char parts_tree_js[] = {
#embed "Web/parts/tree.js"
};

static const unsigned char parts_turns_js[] = {
#embed "Web/parts/turns.js"
};

static const unsigned char parts_ui_js[] = {
#embed "Web/parts/ui.js"
};

static const unsigned char parts_unsaved_js[] = {
#embed "Web/parts/unsaved.js"
};

static const unsigned char parts_upload_js[] = {
#embed "Web/parts/upload.js"
};

static const unsigned char places_agent_js[] = {
#embed "Web/places/agent.js"
};

static const unsigned char places_agent_agentsettings_js[] = {
#embed "Web/places/agent/agentsettings.js"
};

static const unsigned char places_agent_agenttools_js[] = {
#embed "Web/places/agent/agenttools.js"
};

static const unsigned char places_agent_approval_js[] = {
#embed "Web/places/agent/approval.js"
};

static const unsigned char places_agent_archive_js[] = {
#embed "Web/places/agent/archive.js"
};

static const unsigned char places_agent_around_js[] = {
#embed "Web/places/agent/around.js"
};

static const unsigned char places_agent_chat_js[] = {
#embed "Web/places/agent/chat.js"
};

static const unsigned char places_agent_context_js[] = {
#embed "Web/places/agent/context.js"
};

static const unsigned char places_agent_conversations_js[] = {
#embed "Web/places/agent/conversations.js"
};

static const unsigned char places_agent_files_js[] = {
#embed "Web/places/agent/files.js"
};

static const unsigned char places_agent_fork_js[] = {
#embed "Web/places/agent/fork.js"
};

static const unsigned char places_agent_memory_js[] = {
#embed "Web/places/agent/memory.js"
};

static const unsigned char places_agent_turn_js[] = {
#embed "Web/places/agent/turn.js"
};

static const unsigned char places_agent_why_js[] = {
#embed "Web/places/agent/why.js"
};

static const unsigned char places_agents_js[] = {
#embed "Web/places/agents.js"
};

static const unsigned char places_agents_import_js[] = {
#embed "Web/places/agents/import.js"
};

static const unsigned char places_agents_many_js[] = {
#embed "Web/places/agents/many.js"
};

static const unsigned char places_api_body_js[] = {
#embed "Web/places/api/body.js"
};

static const unsigned char places_api_operations_js[] = {
#embed "Web/places/api/operations.js"
};

static const unsigned char places_api_schema_js[] = {
#embed "Web/places/api/schema.js"
};

static const unsigned char places_groups_js[] = {
#embed "Web/places/groups.js"
};

static const unsigned char places_knowledge_js[] = {
#embed "Web/places/knowledge.js"
};

static const unsigned char places_knowledge_archives_js[] = {
#embed "Web/places/knowledge/archives.js"
};

static const unsigned char places_newagent_js[] = {
#embed "Web/places/newagent.js"
};

static const unsigned char places_overview_js[] = {
#embed "Web/places/overview.js"
};

static const unsigned char places_people_js[] = {
#embed "Web/places/people.js"
};

static const unsigned char places_run_js[] = {
#embed "Web/places/run.js"
};

static const unsigned char places_runs_js[] = {
#embed "Web/places/runs.js"
};

static const unsigned char places_settings_js[] = {
#embed "Web/places/settings.js"
};

static const unsigned char places_settings_appearance_js[] = {
#embed "Web/places/settings/appearance.js"
};

static const unsigned char places_settings_backups_js[] = {
#embed "Web/places/settings/backups.js"
};

static const unsigned char places_settings_defaults_js[] = {
#embed "Web/places/settings/defaults.js"
};

static const unsigned char places_settings_health_js[] = {
#embed "Web/places/settings/health.js"
};

static const unsigned char places_settings_keys_js[] = {
#embed "Web/places/settings/keys.js"
};

static const unsigned char places_settings_log_js[] = {
#embed "Web/places/settings/log.js"
};

static const unsigned char places_settings_models_js[] = {
#embed "Web/places/settings/models.js"
};

static const unsigned char places_settings_providers_js[] = {
#embed "Web/places/settings/providers.js"
};

static const unsigned char places_settings_schedules_js[] = {
#embed "Web/places/settings/schedules.js"
};

static const unsigned char places_settings_tokens_js[] = {
#embed "Web/places/settings/tokens.js"
};

static const unsigned char places_settings_usage_js[] = {
#embed "Web/places/settings/usage.js"
};

static const unsigned char places_signin_js[] = {
#embed "Web/places/signin.js"
};

static const unsigned char places_tools_js[] = {
#embed "Web/places/tools.js"
};

static const unsigned char places_tools_sandbox_js[] = {
#embed "Web/places/tools/sandbox.js"
};

static const unsigned char places_tools_servers_js[] = {
#embed "Web/places/tools/servers.js"
};

static const unsigned char places_tools_try_js[] = {
#embed "Web/places/tools/try.js"
};

static const unsigned char route_js[] = {
#embed "Web/route.js"
};

static const unsigned char vendor_LICENCES_txt[] = {
#embed "Web/vendor/LICENCES.txt"
};

static const unsigned char vendor_codemirror_js[] = {
#embed "Web/vendor/codemirror.js"
};

static const unsigned char vendor_diff_js[] = {
#embed "Web/vendor/diff.js"
};

static const unsigned char vendor_marked_js[] = {
#embed "Web/vendor/marked.js"
};

static const unsigned char vendor_preact_js[] = {
#embed "Web/vendor/preact.js"
};

static const DashboardFile files[] = {
    {"api.js", api_js, sizeof api_js},
    {"app.css", app_css, sizeof app_css},
    {"app.js", app_js, sizeof app_js},
    {"icon.svg", icon_svg, sizeof icon_svg},
    {"index.html", index_html, sizeof index_html},
    {"live.js", live_js, sizeof live_js},
    {"parts/bars.js", parts_bars_js, sizeof parts_bars_js},
    {"parts/calls.js", parts_calls_js, sizeof parts_calls_js},
    {"parts/checks.js", parts_checks_js, sizeof parts_checks_js},
    {"parts/code.js", parts_code_js, sizeof parts_code_js},
    {"parts/dialog.js", parts_dialog_js, sizeof parts_dialog_js},
    {"parts/diff.js", parts_diff_js, sizeof parts_diff_js},
    {"parts/editor.js", parts_editor_js, sizeof parts_editor_js},
    {"parts/focus.js", parts_focus_js, sizeof parts_focus_js},
    {"parts/found.js", parts_found_js, sizeof parts_found_js},
    {"parts/images.js", parts_images_js, sizeof parts_images_js},
    {"parts/keys.js", parts_keys_js, sizeof parts_keys_js},
    {"parts/markdown.js", parts_markdown_js, sizeof parts_markdown_js},
    {"parts/marked.js", parts_marked_js, sizeof parts_marked_js},
    {"parts/palette.js", parts_palette_js, sizeof parts_palette_js},
    {"parts/rows.js", parts_rows_js, sizeof parts_rows_js},
    {"parts/seen.js", parts_seen_js, sizeof parts_seen_js},
    {"parts/stream.js", parts_stream_js, sizeof parts_stream_js},
    {"parts/text.js", parts_text_js, sizeof parts_text_js},
    {"parts/timeline.js", parts_timeline_js, sizeof parts_timeline_js},
    {"parts/tree.js", parts_tree_js, sizeof parts_tree_js},
    {"parts/turns.js", parts_turns_js, sizeof parts_turns_js},
    {"parts/ui.js", parts_ui_js, sizeof parts_ui_js},
    {"parts/unsaved.js", parts_unsaved_js, sizeof parts_unsaved_js},
    {"parts/upload.js", parts_upload_js, sizeof parts_upload_js},
    {"places/agent.js", places_agent_js, sizeof places_agent_js},
    {"places/agent/agentsettings.js", places_agent_agentsettings_js, sizeof places_agent_agentsettings_js},
    {"places/agent/agenttools.js", places_agent_agenttools_js, sizeof places_agent_agenttools_js},
    {"places/agent/approval.js", places_agent_approval_js, sizeof places_agent_approval_js},
    {"places/agent/archive.js", places_agent_archive_js, sizeof places_agent_archive_js},
    {"places/agent/around.js", places_agent_around_js, sizeof places_agent_around_js},
    {"places/agent/chat.js", places_agent_chat_js, sizeof places_agent_chat_js},
    {"places/agent/context.js", places_agent_context_js, sizeof places_agent_context_js},
    {"places/agent/conversations.js", places_agent_conversations_js, sizeof places_agent_conversations_js},
    {"places/agent/files.js", places_agent_files_js, sizeof places_agent_files_js},
    {"places/agent/fork.js", places_agent_fork_js, sizeof places_agent_fork_js},
    {"places/agent/memory.js", places_agent_memory_js, sizeof places_agent_memory_js},
    {"places/agent/turn.js", places_agent_turn_js, sizeof places_agent_turn_js},
    {"places/agent/why.js", places_agent_why_js, sizeof places_agent_why_js},
    {"places/agents.js", places_agents_js, sizeof places_agents_js},
    {"places/agents/import.js", places_agents_import_js, sizeof places_agents_import_js},
    {"places/agents/many.js", places_agents_many_js, sizeof places_agents_many_js},
    {"places/api/body.js", places_api_body_js, sizeof places_api_body_js},
    {"places/api/operations.js", places_api_operations_js, sizeof places_api_operations_js},
    {"places/api/schema.js", places_api_schema_js, sizeof places_api_schema_js},
    {"places/groups.js", places_groups_js, sizeof places_groups_js},
    {"places/knowledge.js", places_knowledge_js, sizeof places_knowledge_js},
    {"places/knowledge/archives.js", places_knowledge_archives_js, sizeof places_knowledge_archives_js},
    {"places/newagent.js", places_newagent_js, sizeof places_newagent_js},
    {"places/overview.js", places_overview_js, sizeof places_overview_js},
    {"places/people.js", places_people_js, sizeof places_people_js},
    {"places/run.js", places_run_js, sizeof places_run_js},
    {"places/runs.js", places_runs_js, sizeof places_runs_js},
    {"places/settings.js", places_settings_js, sizeof places_settings_js},
    {"places/settings/appearance.js", places_settings_appearance_js, sizeof places_settings_appearance_js},
    {"places/settings/backups.js", places_settings_backups_js, sizeof places_settings_backups_js},
    {"places/settings/defaults.js", places_settings_defaults_js, sizeof places_settings_defaults_js},
    {"places/settings/health.js", places_settings_health_js, sizeof places_settings_health_js},
    {"places/settings/keys.js", places_settings_keys_js, sizeof places_settings_keys_js},
    {"places/settings/log.js", places_settings_log_js, sizeof places_settings_log_js},
    {"places/settings/models.js", places_settings_models_js, sizeof places_settings_models_js},
    {"places/settings/providers.js", places_settings_providers_js, sizeof places_settings_providers_js},
    {"places/settings/schedules.js", places_settings_schedules_js, sizeof places_settings_schedules_js},
    {"places/settings/tokens.js", places_settings_tokens_js, sizeof places_settings_tokens_js},
    {"places/settings/usage.js", places_settings_usage_js, sizeof places_settings_usage_js},
    {"places/signin.js", places_signin_js, sizeof places_signin_js},
    {"places/tools.js", places_tools_js, sizeof places_tools_js},
    {"places/tools/sandbox.js", places_tools_sandbox_js, sizeof places_tools_sandbox_js},
    {"places/tools/servers.js", places_tools_servers_js, sizeof places_tools_servers_js},
    {"places/tools/try.js", places_tools_try_js, sizeof places_tools_try_js},
    {"route.js", route_js, sizeof route_js},
    {"vendor/LICENCES.txt", vendor_LICENCES_txt, sizeof vendor_LICENCES_txt},
    {"vendor/codemirror.js", vendor_codemirror_js, sizeof vendor_codemirror_js},
    {"vendor/diff.js", vendor_diff_js, sizeof vendor_diff_js},
    {"vendor/marked.js", vendor_marked_js, sizeof vendor_marked_js},
    {"vendor/preact.js", vendor_preact_js, sizeof vendor_preact_js},
};

const DashboardFile *dashboard_file(size_t position) {
    return position < sizeof files / sizeof *files ? &files[position] : NULL;
}
