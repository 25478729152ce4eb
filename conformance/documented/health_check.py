from letta_client import Letta

client = Letta(token="YOUR_TOKEN")
client.health.check()
