# Create identity
identity = client.identities.create(
    identifier_key="user_123",
    name="John Doe",
    identity_type="user"
)

# Retrieve identity
identity = client.identities.retrieve(identity_id="identity_id")

# Upsert identity
identity = client.identities.upsert(
    identifier_key="user_123",
    name="John Doe",
    identity_type="user"
)

# Modify identity
client.identities.modify(
    identity_id="identity_id",
    name="Updated Name"
)

# Delete identity
client.identities.delete(identity_id="identity_id")

# List identities
identities = client.identities.list()
