"""The 1.x client, call by call, behind the names that `legacy` shares.

Listings are pages; `every_…` is the client's own iterator, which asks for pages until one is empty.
"""

import json
from types import SimpleNamespace

from letta_client import APIStatusError, BadRequestError, ConflictError, Letta, NotFoundError, UnprocessableEntityError
from letta_client.types.agent_state import Identity
from letta_client.types.agents import LettaResponse

import harness

RELATIONS = {"tools", "blocks", "tags", "sources", "identities", "secrets", "managed_group", "pending_approval"}


class Client:
    Error = APIStatusError
    classes = {400: BadRequestError, 404: NotFoundError, 409: ConflictError, 422: UnprocessableEntityError}

    def __init__(self, url, token="none", timeout=harness.PATIENCE):
        # No retries: a test wants the first answer.
        self.raw = Letta(base_url=url, api_key=token, timeout=timeout, max_retries=0)

    # health, models, tags

    def health(self):
        return self.raw.health()

    def models(self, **filters):
        return self.raw.models.list(**filters)

    def embedding_models(self):
        return self.raw.models.embeddings.list()

    def tags(self, **filters):
        return self.raw.tags.list(**filters)

    # agents

    def create_agent(self, **fields):
        return self.raw.agents.create(**fields)

    def agents(self, **filters):
        return self.raw.agents.list(**filters).items

    def every_agent(self, page, **filters):
        return self.raw.agents.list(limit=page, **filters)

    def agent(self, agent_id, only=None):
        """With all relations, or with those of `only` alone. This generation gets none that it does not name."""
        wanted = RELATIONS if only is None else only
        return self.raw.agents.retrieve(agent_id, include=[f"agent.{name}" for name in sorted(wanted)])

    def update_agent(self, agent_id, **fields):
        return self.raw.agents.update(agent_id, **fields)

    def delete_agent(self, agent_id):
        return self.raw.agents.delete(agent_id)

    def recompile(self, agent_id, **options):
        """The text. The client hands over the body as it came, which is a JSON string."""
        return json.loads(self.raw.agents.recompile(agent_id, **options))

    # messages

    def send(self, agent_id, text):
        return self.raw.agents.messages.create(agent_id=agent_id, input=text)

    def send_messages(self, agent_id, *messages, **fields):
        return self.raw.agents.messages.create(agent_id=agent_id, messages=list(messages), **fields)

    def stream_messages(self, agent_id, tokens, *messages, **fields):
        with self.raw.agents.messages.create(
            agent_id=agent_id, messages=list(messages), streaming=True, stream_tokens=tokens, **fields
        ) as events:
            return list(events)

    def stream(self, agent_id, text, tokens):
        with self.raw.agents.messages.create(agent_id=agent_id, input=text, streaming=True, stream_tokens=tokens) as events:
            return list(events)

    def messages(self, agent_id, **filters):
        return list(self.raw.agents.messages.list(agent_id=agent_id, **filters))

    def reset(self, agent_id):
        return self.raw.agents.messages.reset(agent_id=agent_id)

    def runs(self, agent_id):
        return list(self.raw.runs.list(agent_id=agent_id))

    def run(self, run_id):
        return self.raw.runs.retrieve(run_id)

    def run_steps(self, run_id):
        return list(self.raw.runs.steps.list(run_id))

    def step(self, step_id):
        return self.raw.steps.retrieve(step_id)

    # an agent's tools

    def agent_tools(self, agent_id, **filters):
        return self.raw.agents.tools.list(agent_id, **filters).items

    def every_agent_tool(self, agent_id, page, **filters):
        return self.raw.agents.tools.list(agent_id, limit=page, **filters)

    def attach_tool(self, agent_id, tool_id):
        return self.raw.agents.tools.attach(tool_id, agent_id=agent_id)

    def detach_tool(self, agent_id, tool_id):
        return self.raw.agents.tools.detach(tool_id, agent_id=agent_id)

    def require_approval(self, agent_id, tool_name, required):
        return self.raw.agents.tools.update_approval(tool_name, agent_id=agent_id, body_requires_approval=required)

    # tools

    def upsert_tool(self, source, **fields):
        return self.raw.tools.upsert(source_code=source, **fields)

    def create_tool(self, source, **fields):
        return self.raw.tools.create(source_code=source, **fields)

    def tool(self, tool_id):
        return self.raw.tools.retrieve(tool_id)

    def tools(self, **filters):
        return self.raw.tools.list(**filters).items

    def update_tool(self, tool_id, **fields):
        return self.raw.tools.update(tool_id, **fields)

    def run_agent_tool(self, agent_id, tool_name, args):
        return self.raw.agents.tools.run(tool_name, agent_id=agent_id, args=args)

    def delete_tool(self, tool_id):
        return self.raw.tools.delete(tool_id)

    # core memory

    def agent_blocks(self, agent_id, **filters):
        return self.raw.agents.blocks.list(agent_id, **filters).items

    def every_agent_block(self, agent_id, page, **filters):
        return self.raw.agents.blocks.list(agent_id, limit=page, **filters)

    def agent_block(self, agent_id, label):
        return self.raw.agents.blocks.retrieve(label, agent_id=agent_id)

    def update_agent_block(self, agent_id, block_label, **fields):
        return self.raw.agents.blocks.update(block_label, agent_id=agent_id, **fields)

    def attach_block(self, agent_id, block_id):
        return self.raw.agents.blocks.attach(block_id, agent_id=agent_id)

    def detach_block(self, agent_id, block_id):
        return self.raw.agents.blocks.detach(block_id, agent_id=agent_id)

    # archival memory, archives

    def add_memory(self, agent_id, text, **fields):
        return self.raw.agents.passages.create(agent_id, text=text, **fields)

    def memories(self, agent_id, **filters):
        return self.raw.agents.passages.list(agent_id, **filters)

    def find_memories(self, agent_id, query, **filters):
        return self.raw.agents.passages.search(agent_id, query=query, **filters)

    def delete_memory(self, agent_id, memory_id):
        return self.raw.agents.passages.delete(memory_id, agent_id=agent_id)

    def create_archive(self, **fields):
        return self.raw.archives.create(**fields)

    def archives(self, **filters):
        return list(self.raw.archives.list(**filters))

    def update_archive(self, archive_id, **fields):
        return self.raw.archives.update(archive_id, **fields)

    # blocks

    def create_block(self, **fields):
        return self.raw.blocks.create(**fields)

    def blocks(self, **filters):
        return self.raw.blocks.list(**filters).items

    def every_block(self, page, **filters):
        return self.raw.blocks.list(limit=page, **filters)

    def block(self, block_id):
        return self.raw.blocks.retrieve(block_id)

    def update_block(self, block_id, **fields):
        return self.raw.blocks.update(block_id, **fields)

    def delete_block(self, block_id):
        return self.raw.blocks.delete(block_id)

    def agents_of_block(self, block_id, **filters):
        return self.raw.blocks.agents.list(block_id, **filters).items

    # providers: this generation has no calls for them

    def create_provider(self, **fields):
        return SimpleNamespace(**self.raw.post("/v1/providers/", body=fields, cast_to=object))

    def providers(self, **filters):
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        return [SimpleNamespace(**row) for row in self.raw.get(f"/v1/providers/?{query}", cast_to=object)]

    def provider(self, provider_id):
        return SimpleNamespace(**self.raw.get(f"/v1/providers/{provider_id}", cast_to=object))

    def update_provider(self, provider_id, **fields):
        return SimpleNamespace(**self.raw.patch(f"/v1/providers/{provider_id}", body=fields, cast_to=object))

    def delete_provider(self, provider_id):
        return self.raw.delete(f"/v1/providers/{provider_id}", cast_to=object)

    def check_provider(self, **fields):
        return self.raw.post("/v1/providers/check", body=fields, cast_to=object)

    # conversations

    def create_conversation(self, agent_id, **fields):
        return self.raw.conversations.create(agent_id=agent_id, extra_body=fields)

    def conversations(self, **filters):
        return self.raw.conversations.list(**filters)

    def conversation(self, conversation_id):
        return self.raw.conversations.retrieve(conversation_id)

    def update_conversation(self, conversation_id, **fields):
        return self.raw.conversations.update(conversation_id, **fields)

    def delete_conversation(self, conversation_id):
        return self.raw.conversations.delete(conversation_id)

    def fork(self, conversation_id, **options):
        return self.raw.conversations.fork(conversation_id, **options)

    def compact(self, agent_id, **options):
        return self.raw.agents.messages.compact(agent_id, **options)

    def compact_conversation(self, conversation_id, **options):
        return self.raw.conversations.messages.compact(conversation_id, **options)

    def cancel_conversation(self, conversation_id, **options):
        return self.raw.conversations.cancel(conversation_id, **options)

    def recompile_conversation(self, conversation_id, **options):
        return json.loads(self.raw.conversations.recompile(conversation_id, **options))

    def say(self, conversation_id, text):
        """By the client's way to routes: its own method only streams."""
        return self.raw.post(
            f"/v1/conversations/{conversation_id}/messages", cast_to=LettaResponse,
            body={"messages": [{"role": "user", "content": text}], "streaming": False})

    def stream_in(self, conversation_id, text, **options):
        with self.raw.conversations.messages.create(
                conversation_id, messages=[{"role": "user", "content": text, **options.pop("message", {})}], **options) as events:
            return list(events)

    def follow_conversation(self, conversation_id, **options):
        with self.raw.conversations.messages.stream(conversation_id, **options) as events:
            return list(events)

    def conversation_messages(self, conversation_id, **filters):
        return self.raw.conversations.messages.list(conversation_id, **filters).items

    # identities: this generation only gives them to agents

    def create_identity(self, **fields):
        """By the client's way to routes that it has no method for."""
        return self.raw.post("/v1/identities/", body=fields, cast_to=Identity)

    def identity(self, identity_id):
        return self.raw.get(f"/v1/identities/{identity_id}", cast_to=Identity)

    def attach_identity(self, agent_id, identity_id):
        return self.raw.agents.identities.attach(identity_id, agent_id=agent_id)

    def detach_identity(self, agent_id, identity_id):
        return self.raw.agents.identities.detach(identity_id, agent_id=agent_id)

    # folders

    def create_folder(self, **fields):
        return self.raw.folders.create(**fields)

    def folders(self, **filters):
        return self.raw.folders.list(**filters).items

    def every_folder(self, page, **filters):
        return self.raw.folders.list(limit=page, **filters)

    def folder(self, folder_id):
        return self.raw.folders.retrieve(folder_id)

    def update_folder(self, folder_id, **fields):
        return self.raw.folders.update(folder_id, **fields)

    def delete_folder(self, folder_id):
        return self.raw.folders.delete(folder_id)

    def agents_of_folder(self, folder_id, **filters):
        return list(self.raw.folders.agents.list(folder_id, **filters))

    def files_of_folder(self, folder_id, **filters):
        return self.raw.folders.files.list(folder_id, **filters).items

    def file(self, folder_id, file_id, **options):
        return self.raw.folders.files.retrieve(file_id, folder_id=folder_id, **options)

    def upload(self, folder_id, name, data):
        return self.raw.folders.files.upload(folder_id, file=(name, data))

    def delete_file(self, folder_id, file_id):
        return self.raw.folders.files.delete(file_id, folder_id=folder_id)

    def attach_folder(self, agent_id, folder_id):
        return self.raw.agents.folders.attach(folder_id, agent_id=agent_id)

    def detach_folder(self, agent_id, folder_id):
        return self.raw.agents.folders.detach(folder_id, agent_id=agent_id)

    def folders_of_agent(self, agent_id):
        return self.raw.agents.folders.list(agent_id).items

    def files_of_agent(self, agent_id, **filters):
        return self.raw.agents.files.list(agent_id, **filters)

    def open_file(self, agent_id, file_id):
        return self.raw.agents.files.open(file_id, agent_id=agent_id)

    def close_file(self, agent_id, file_id):
        return self.raw.agents.files.close(file_id, agent_id=agent_id)

    def close_files(self, agent_id):
        return self.raw.agents.files.close_all(agent_id)

    # MCP servers

    def mcp_servers(self):
        return self.raw.mcp_servers.list()

    def create_mcp_server(self, **fields):
        return self.raw.mcp_servers.create(**fields)

    def mcp_server(self, server_id):
        return self.raw.mcp_servers.retrieve(server_id)

    def update_mcp_server(self, server_id, **fields):
        return self.raw.mcp_servers.update(server_id, **fields)

    def delete_mcp_server(self, server_id):
        return self.raw.mcp_servers.delete(server_id)

    def mcp_tools(self, server_id):
        return self.raw.mcp_servers.tools.list(server_id)

    def mcp_tool(self, server_id, tool_id):
        return self.raw.mcp_servers.tools.retrieve(tool_id, mcp_server_id=server_id)

    def run_mcp_tool(self, server_id, tool_id, args):
        return self.raw.mcp_servers.tools.run(tool_id, mcp_server_id=server_id, args=args)

    def refresh_mcp_server(self, server_id):
        return self.raw.mcp_servers.refresh(server_id)

    def search_tools(self, **fields):
        return self.raw.tools.search(**fields)
