# List tools
tools = client.tools.list()

# Retrieve tool
tool = client.tools.retrieve(tool_id="tool_id")

# Create tool
tool = client.tools.create(
    name="my_tool",
    description="A useful tool",
    parameters={"type": "object", "properties": {}}
)

# Upsert tool
tool = client.tools.upsert(
    name="my_tool",
    description="A useful tool",
    parameters={"type": "object", "properties": {}}
)

# Modify tool
client.tools.modify(
    tool_id="tool_id",
    description="Updated description"
)

# Delete tool
client.tools.delete(tool_id="tool_id")
