# Create a new block
block = client.blocks.create(
    label=f"Persona_{username}",
    value={
        "name": username,
        "preferences": {},
        "conversation_history": []
    }
)

# Store block ID in database
user_record.block_id = block.id
user_record.save()

# Core block operations (using cached block ID)
client.blocks.retrieve(block_id=user_record.block_id)
client.blocks.modify(block_id=user_record.block_id, value=new_content)
client.agents.blocks.attach(agent_id=agent_id, block_id=user_record.block_id)
client.agents.blocks.detach(agent_id=agent_id, block_id=user_record.block_id)

# NEVER use list() for block discovery
# client.blocks.list()  # DO NOT USE - unreliable

# Create and manage a user's persona block
block_label = f"Persona_{username}"
block_content = {
    "name": username,
    "preferences": {},
    "conversation_history": []
}

# Create the block first
block = client.blocks.create(
    label=block_label,
    value=block_content
)

# Store block ID in database
user_record.block_id = block.id
user_record.save()

# Attach block before sending message
client.agents.blocks.attach(agent_id=agent_id, block_id=user_record.block_id)
try:
    # Send message with identity
    response = client.agents.messages.create(
        agent_id=agent_id,
        messages=[MessageCreate(role="user", content=message)],
        identity_id=identity_id
    )
finally:
    # Always detach block after message
    client.agents.blocks.detach(agent_id=agent_id, block_id=user_record.block_id)
