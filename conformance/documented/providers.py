# List providers
providers = client.providers.list()

# Create provider
provider = client.providers.create(
    name="OpenAI",
    provider_type="openai",
    api_key="your-api-key"
)

# Check provider
client.providers.check(provider_id="provider_id")

# Modify provider
client.providers.modify(
    provider_id="provider_id",
    api_key="new-api-key"
)
