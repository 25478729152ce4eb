# Create block
block = client.blocks.create(
    label="My Block",
    value={"content": "This is my block content"}
)

# Retrieve block
block = client.blocks.retrieve(block_id="block_id")

# Modify block
client.blocks.modify(
    block_id="block_id",
    value={"content": "Updated content"}
)

# Delete block
client.blocks.delete(block_id="block_id")

# List blocks
blocks = client.blocks.list()

# Attach block to agent
client.agents.blocks.attach(
    agent_id="agent_id",
    block_id="block_id"
)

# Detach block from agent
client.agents.blocks.detach(
    agent_id="agent_id",
    block_id="block_id"
)
