"""The 0.1 client, call by call, behind the names that `v1` shares.

Listings are arrays; `every_…` pages through all of them with cursors, as programs written for this generation do.
"""

from letta_client import Letta
from letta_client.core.api_error import ApiError

import harness


class Client:
    Error = ApiError

    def __init__(self, url, token=None, timeout=harness.PATIENCE):
        self.raw = Letta(base_url=url, token=token, timeout=timeout)

    # health, models, tags

    def health(self):
        return self.raw.health.check()

    def models(self, **filters):
        return self.raw.models.list(**filters)

    def embedding_models(self):
        return self.raw.models.embeddings.list()

    def tags(self, **filters):
        return self.raw.tags.list(**filters)

    # providers

    def create_provider(self, **fields):
        return self.raw.providers.create(**fields)

    def providers(self, **filters):
        return self.raw.providers.list(**filters)

    def provider(self, provider_id):
        return self.raw.providers.retrieve_provider(provider_id)

    def update_provider(self, provider_id, **fields):
        return self.raw.providers.modify(provider_id, **fields)

    def delete_provider(self, provider_id):
        return self.raw.providers.delete(provider_id)

    def check_provider(self, **fields):
        return self.raw.providers.check(**fields)

    # agents

    def create_agent(self, **fields):
        return self.raw.agents.create(**fields)

    def agents(self, **filters):
        return self.raw.agents.list(**filters)

    def every_agent(self, page, **filters):
        return pages(self.raw.agents.list, page, **filters)

    def search_agents(self, *conditions, **options):
        return self.raw.agents.search(search=list(conditions), **options)

    def agent_count(self):
        return self.raw.agents.count()

    def agent(self, agent_id, only=None):
        """With all relations, or with those of `only` alone."""
        return self.raw.agents.retrieve(agent_id, **({} if only is None else {"include_relationships": sorted(only)}))

    def update_agent(self, agent_id, **fields):
        return self.raw.agents.modify(agent_id, **fields)

    def delete_agent(self, agent_id):
        return self.raw.agents.delete(agent_id)

    def context(self, agent_id):
        return self.raw.agents.context.retrieve(agent_id)

    # messages

    def send(self, agent_id, text):
        return self.raw.agents.messages.create(agent_id=agent_id, messages=[{"role": "user", "content": text}])

    def compact(self, agent_id):
        return self.raw.agents.messages.summarize(agent_id, max_message_length=10)

    def send_messages(self, agent_id, *messages, **fields):
        return self.raw.agents.messages.create(agent_id=agent_id, messages=list(messages), **fields)

    def stream_messages(self, agent_id, tokens, *messages, **fields):
        return list(self.raw.agents.messages.create_stream(
            agent_id=agent_id, messages=list(messages), stream_tokens=tokens, **fields))

    def stream(self, agent_id, text, tokens):
        return list(self.raw.agents.messages.create_stream(
            agent_id=agent_id, messages=[{"role": "user", "content": text}], stream_tokens=tokens))

    def messages(self, agent_id, **filters):
        return list(self.raw.agents.messages.list(agent_id=agent_id, **filters))

    def reset(self, agent_id):
        return self.raw.agents.messages.reset(agent_id=agent_id)

    def runs(self, agent_id):
        return list(self.raw.runs.list(agent_id=agent_id))

    def run(self, run_id):
        return self.raw.runs.retrieve(run_id)

    def step(self, step_id):
        return self.raw.steps.retrieve(step_id)

    # an agent's tools

    def agent_tools(self, agent_id):
        return self.raw.agents.tools.list(agent_id)

    def attach_tool(self, agent_id, tool_id):
        return self.raw.agents.tools.attach(agent_id, tool_id)

    def detach_tool(self, agent_id, tool_id):
        return self.raw.agents.tools.detach(agent_id, tool_id)

    def require_approval(self, agent_id, tool_name, required):
        return self.raw.agents.tools.modify_approval(agent_id, tool_name, requires_approval=required)

    # groups

    def groups_of_agent(self, agent_id):
        return self.raw.agents.groups.list(agent_id)

    def create_group(self, **fields):
        return self.raw.groups.create(**fields)

    def groups(self, **filters):
        return self.raw.groups.list(**filters)

    def every_group(self, page, **filters):
        return pages(self.raw.groups.list, page, **filters)

    def group_count(self):
        return self.raw.groups.count()

    def group(self, group_id):
        return self.raw.groups.retrieve(group_id)

    def update_group(self, group_id, **fields):
        return self.raw.groups.modify(group_id, **fields)

    def delete_group(self, group_id):
        return self.raw.groups.delete(group_id)

    def group_messages(self, group_id, **filters):
        return self.raw.groups.messages.list(group_id, **filters)

    def reset_group(self, group_id):
        return self.raw.groups.messages.reset(group_id)

    # tools

    def upsert_tool(self, source, **fields):
        return self.raw.tools.upsert(source_code=source, **fields)

    def create_tool(self, source, **fields):
        return self.raw.tools.create(source_code=source, **fields)

    def tool(self, tool_id):
        return self.raw.tools.retrieve(tool_id)

    def tools(self, **filters):
        return self.raw.tools.list(**filters)

    def update_tool(self, tool_id, **fields):
        return self.raw.tools.modify(tool_id, **fields)

    def delete_tool(self, tool_id):
        return self.raw.tools.delete(tool_id)

    def tool_count(self, **filters):
        return self.raw.tools.count(**filters)

    def run_source(self, source, args, **fields):
        return self.raw.tools.run_tool_from_source(source_code=source, args=args, **fields)

    # core memory

    def core_memory(self, agent_id):
        return self.raw.agents.core_memory.retrieve(agent_id)

    def memory_variables(self, agent_id):
        return self.raw.agents.memory_variables.list(agent_id)

    def agent_blocks(self, agent_id):
        return self.raw.agents.blocks.list(agent_id)

    def agent_block(self, agent_id, label):
        return self.raw.agents.blocks.retrieve(agent_id, label)

    def update_agent_block(self, agent_id, block_label, **fields):
        return self.raw.agents.blocks.modify(agent_id, block_label, **fields)

    def attach_block(self, agent_id, block_id):
        return self.raw.agents.blocks.attach(agent_id, block_id)

    def detach_block(self, agent_id, block_id):
        return self.raw.agents.blocks.detach(agent_id, block_id)

    # archival memory, archives

    def add_memory(self, agent_id, text, **fields):
        return self.raw.agents.passages.create(agent_id, text=text, **fields)

    def memories(self, agent_id, **filters):
        return self.raw.agents.passages.list(agent_id, **filters)

    def find_memories(self, agent_id, query, **filters):
        return self.raw.agents.passages.search(agent_id, query=query, **filters)

    def delete_memory(self, agent_id, memory_id):
        return self.raw.agents.passages.delete(agent_id, memory_id)

    def create_archive(self, **fields):
        return self.raw.archives.create_archive(**fields)

    def archives(self, **filters):
        return self.raw.archives.list_archives(**filters)

    def update_archive(self, archive_id, **fields):
        return self.raw.archives.modify_archive(archive_id, **fields)

    # blocks

    def create_block(self, **fields):
        return self.raw.blocks.create(**fields)

    def blocks(self, **filters):
        return self.raw.blocks.list(**filters)

    def every_block(self, page, **filters):
        return pages(self.raw.blocks.list, page, **filters)

    def block_count(self):
        return self.raw.blocks.count()

    def block(self, block_id):
        return self.raw.blocks.retrieve(block_id)

    def update_block(self, block_id, **fields):
        return self.raw.blocks.modify(block_id, **fields)

    def delete_block(self, block_id):
        return self.raw.blocks.delete(block_id)

    def agents_of_block(self, block_id, **filters):
        return self.raw.blocks.agents.list(block_id, **filters)

    # identities

    def create_identity(self, **fields):
        return self.raw.identities.create(**fields)

    def upsert_identity(self, **fields):
        return self.raw.identities.upsert(**fields)

    def identities(self, **filters):
        return self.raw.identities.list(**filters)

    def every_identity(self, page, **filters):
        return pages(self.raw.identities.list, page, **filters)

    def identity_count(self):
        return self.raw.identities.count()

    def identity(self, identity_id):
        return self.raw.identities.retrieve(identity_id)

    def update_identity(self, identity_id, **fields):
        return self.raw.identities.modify(identity_id, **fields)

    def delete_identity(self, identity_id):
        return self.raw.identities.delete(identity_id)

    def set_identity_properties(self, identity_id, properties):
        return self.raw.identities.properties.upsert(identity_id, request=properties)

    def agents_of_identity(self, identity_id, **filters):
        return self.raw.identities.agents.list(identity_id, **filters)

    def blocks_of_identity(self, identity_id, **filters):
        return self.raw.identities.blocks.list(identity_id, **filters)

    # folders

    def create_folder(self, **fields):
        return self.raw.folders.create(**fields)

    def folders(self, **filters):
        return self.raw.folders.list(**filters)

    def every_folder(self, page, **filters):
        return pages(self.raw.folders.list, page, **filters)

    def folder(self, folder_id):
        return self.raw.folders.retrieve(folder_id)

    def update_folder(self, folder_id, **fields):
        return self.raw.folders.modify(folder_id, **fields)

    def delete_folder(self, folder_id):
        return self.raw.folders.delete(folder_id)

    def agents_of_folder(self, folder_id, **filters):
        return self.raw.folders.agents.list(folder_id, **filters)

    def files_of_folder(self, folder_id, **filters):
        return self.raw.folders.files.list(folder_id, **filters)

    def upload(self, folder_id, name, data):
        return self.raw.folders.files.upload(folder_id, file=(name, data))

    def delete_file(self, folder_id, file_id):
        return self.raw.folders.files.delete(folder_id, file_id)

    def attach_folder(self, agent_id, folder_id):
        return self.raw.agents.folders.attach(agent_id, folder_id)

    def detach_folder(self, agent_id, folder_id):
        return self.raw.agents.folders.detach(agent_id, folder_id)

    def folders_of_agent(self, agent_id):
        return self.raw.agents.folders.list(agent_id)

    def files_of_agent(self, agent_id, **filters):
        """All files, page after page."""
        page = self.raw.agents.files.list(agent_id, **filters)
        while True:
            yield from page.files
            if not page.has_more:
                return
            page = self.raw.agents.files.list(agent_id, cursor=page.next_cursor, **filters)

    def open_file(self, agent_id, file_id):
        return self.raw.agents.files.open(agent_id, file_id)

    def close_file(self, agent_id, file_id):
        return self.raw.agents.files.close(agent_id, file_id)

    def close_files(self, agent_id):
        return self.raw.agents.files.close_all(agent_id)

    # MCP servers, by their names

    def mcp_servers(self):
        return self.raw.tools.list_mcp_servers()

    def add_mcp_server(self, config):
        return self.raw.tools.add_mcp_server(request=config)

    def update_mcp_server(self, name, change):
        return self.raw.tools.update_mcp_server(mcp_server_name=name, request=change)

    def delete_mcp_server(self, name):
        return self.raw.tools.delete_mcp_server(name)

    def mcp_tools(self, name):
        return self.raw.tools.list_mcp_tools_by_server(name)

    def add_mcp_tool(self, name, tool):
        return self.raw.tools.add_mcp_tool(name, tool)

    def test_mcp_server(self, config):
        return self.raw.tools.test_mcp_server(request=config)

    def connect_mcp_server(self, config):
        return list(self.raw.tools.connect_mcp_server(request=config))


def pages(listing, size, **filters):
    """All rows, page after page, until a page is empty."""
    found = listing(limit=size, **filters)
    while found:
        yield from found
        found = listing(limit=size, after=found[-1].id, **filters)
