# List agents
agents = client.agents.list()

# Retrieve agent
agent = client.agents.retrieve(agent_id="agent_id")

# Create agent
agent = client.agents.create(
    name="My Agent",
    instructions="You are a helpful assistant"
)

# Modify agent
client.agents.modify(
    agent_id="agent_id",
    instructions="Updated instructions"
)

# Delete agent
client.agents.delete(agent_id="agent_id")
