from letta_client import Letta, MessageCreate

client = Letta(token="YOUR_TOKEN")

# Send message
response = client.agents.messages.create(
    agent_id="agent_id",
    messages=[
        MessageCreate(
            role="user",
            content="Hello, how are you?"
        )
    ]
)

# Send message with identity
response = client.agents.messages.create(
    agent_id="agent_id",
    messages=[
        MessageCreate(
            role="user",
            content="Hello, how are you?"
        )
    ],
    identity_id="user_123"
)

# Send streaming message
response = client.agents.messages.create_stream(
    agent_id="agent_id",
    messages=[
        MessageCreate(
            role="user",
            content="Tell me a story"
        )
    ]
)
for chunk in response:
    print(chunk)

# Send async message
response = await client.agents.messages.create_async(
    agent_id="agent_id",
    messages=[
        MessageCreate(
            role="user",
            content="Hello"
        )
    ]
)

# List messages
messages = client.agents.messages.list(agent_id="agent_id")

# Modify message
client.agents.messages.modify(
    agent_id="agent_id",
    message_id="message_id"
)
