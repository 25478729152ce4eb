# Create a user identity
identity = {
    "identifier_key": "user_123",
    "name": "John Doe",
    "identity_type": "user"  # Important: must specify as "user"
}

client.agents.messages.create(
    agent_id="agent_id",
    messages=[MessageCreate(role="user", content="Hello")],
    identity_id="user_123"  # Include identity_id to maintain context
)
