"""A server as it is after some days of use, for the pictures of the dashboard: what its agents are told, and what they do."""

import time

from steps import EMBEDDING, MODEL

PRICES = {MODEL: {"input": 0.15, "cached_input": 0.075, "output": 0.6}}

DINNER = "Noor is in town on Friday. Where can the three of us have dinner?"
BOOKING = "Great. Book a table for the three of us."
REPORT = "Write the weekly report."
WATER = "Which plants need water today?"
WEEKEND = "It will be dry on Saturday. What do we do at the weekend?"
ROOM = "Saturday morning is free; in the afternoon Noor's train leaves."
ORDERS = "Summarise yesterday's orders."
RESTAURANT = "Mei's in Rua das Flores serves noodles and satay; it takes bookings until 20:00. Many dishes have peanuts in them."

# What the model does when it is told one of these.
SCRIPTS = {
    DINNER: [
        {"call": "archival_memory_search", "args": {"query": "restaurant peanuts"}},
        {"calls": [{"call": "memory_insert", "args": {"label": "human", "new_string": "Noor visits on Friday, arrives at 17:40."}}]},
        {"think": "Ana is allergic to peanuts, and Mei's has many dishes with them.",
         "say": "Friday works: Noor arrives at 17:40, so **19:00** leaves enough time.\n\nAt Mei's, leave out what has peanuts in it:\n\n"
                "- satay skewers\n- dan dan noodles\n- anything with the house chilli oil"}],
    BOOKING: [{"call": "book_table", "args": {"place": "Mei's", "at": "2026-12-04T19:00", "people": 3}}],
    REPORT: [{"status": 401, "say": "The key was revoked on 28 November."}],
    WATER: [{"call": "semantic_search_files", "args": {"query": "water tomatoes"}},
            {"say": "The tomatoes and the basil. The lemon tree has had enough since the rain."}],
    WEEKEND: [{"say": ROOM}],
    ROOM: [{"say": "Then garlic: the beds are ready, and two hours are enough."}],
    ORDERS: [{"say": "14 orders, 3 of them express. Nothing is late."}],
}

BOOK_TABLE = '''def book_table(place: str, at: str, people: int) -> str:
    """
    Books a table at a restaurant.

    Args:
        place (str): The restaurant's name.
        at (str): When, as 2026-12-04T19:00.
        people (int): For how many.

    Returns:
        str: The number of the booking.
    """
    if people > 8:
        raise ValueError("Mei's takes up to 8 people: call them instead")
    return f"{place}, {at.replace('T', ' ')}, {people} people: booking 4711"
'''

BOILER = """The boiler is reset with the red button behind the cover. Wait a minute before you press it again.

Water: the pressure is between 1.2 and 1.8 bar. Fill it up at the tap below the gauge when it is lower."""
GARDEN = """Tomatoes need water every second day in summer, basil every day, the lemon tree once a week.

Garlic is planted in October or November, five centimetres deep."""


def made(answer):
    answer.raise_for_status()
    return answer.json()


def until(read):
    """Waits for what the server does in the background."""
    while not read():
        time.sleep(0.05)


def say(http, agent, text):
    """What comes of a turn that fails is the answer's business."""
    http.post(f"/v1/agents/{agent}/messages", json={"messages": [{"role": "user", "content": text}]})


def agents(http, tool):
    def agent(name, description, human, tags, **more):
        blocks = [{"label": "human", "value": human}, {"label": "persona", "value": f"I am {name}. {description} I am brief and say what I don't know."}]
        return made(http.post("/v1/agents/", json={"name": name, "description": description, "tags": tags, "model": MODEL, "embedding": EMBEDDING,
                                                   "memory_blocks": blocks, "timezone": "Europe/Lisbon", **more}))["id"]
    return {
        "moss": agent("Moss", "Keeps the notes of the book club.", "The club meets on the first Monday.", ["club"]),
        "iris": agent("Iris", "Answers questions about orders.", "Customers of the shop.", ["shop", "support"]),
        "otto": agent("Otto", "Writes the reports of the shop.", "Ana reads them on Fridays.", ["shop"]),
        "fern": agent("Fern", "Looks after the garden.", "Ana has a garden of 40 m² in Porto.", ["household", "garden"]),
        "wren": agent("Wren", "Plans the days of the household.", "Ana Ferreira, 34, Porto.\nAllergic to peanuts.", ["household"],
                      tool_ids=[tool], tools=["archival_memory_search", "archival_memory_insert"]),
    }


def backups(http, folder):
    """A copy that could not be made, for the log, and two that were."""
    folder.rmdir()
    folder.touch()
    made(http.patch("/v1/server/backup-schedule", json={"every_hours": 24}))
    until(lambda: http.get("/v1/server/backup-schedule").json()["error"])
    folder.unlink()
    made(http.post("/v1/server/backups"))
    made(http.patch("/v1/server/backup-schedule", json={"every_hours": 24, "keep": 14}))


def fill(http, server, model):
    """Fills the server, and gives the ids that the screens name."""
    tool = made(http.post("/v1/tools/", json={"source_code": BOOK_TABLE, "source_type": "python", "default_requires_approval": True}))["id"]
    ids = {"tool": tool, **agents(http, tool)}
    folder = ids["folder"] = made(http.post("/v1/folders/", json={"name": "Manuals", "description": "House and garden", "embedding": EMBEDDING}))["id"]
    for name, text in (("boiler.md", BOILER), ("garden.md", GARDEN)):
        made(http.post(f"/v1/folders/{folder}/upload", files={"file": (name, text)}))
    until(lambda: all(one["processing_status"] == "completed" for one in http.get(f"/v1/folders/{folder}/files").json()))
    for name in ("fern", "wren"):
        made(http.patch(f"/v1/agents/{ids[name]}/folders/attach/{folder}"))
    for text in (RESTAURANT, "Noor likes trains, and does not eat meat.", "The spare key is with Mr Lopes on the second floor."):
        made(http.post(f"/v1/agents/{ids['wren']}/archival-memory", json={"text": text, "tags": ["restaurants" if text == RESTAURANT else "people"]}))
    for key, name, who in (("noor", "Noor Haddad", ["wren"]), ("ana", "Ana Ferreira", ["wren", "fern"])):
        ids[key] = made(http.post("/v1/identities/", json={
            "identifier_key": f"{key}@example.org", "name": name, "identity_type": "user", "agent_ids": [ids[one] for one in who],
            "properties": [{"key": "language", "value": "Portuguese" if key == "ana" else "Dutch", "type": "string"}]}))["id"]
    made(http.post("/v1/providers/", json={"name": "workshop", "provider_type": "openai", "api_key": "sk-scripted", "base_url": model.url}))
    for name, text, cron in (("iris", ORDERS, "0 7 * * 1-5"), ("fern", WATER, "30 18 * * *"), ("otto", REPORT, "0 16 * * 5")):
        made(http.post(f"/v1/agents/{ids[name]}/schedule", json={
            "messages": [{"role": "user", "content": text}], "schedule": {"type": "recurring", "cron_expression": cron}}))
    group = ids["group"] = made(http.post("/v1/groups/", json={
        "description": "Plans of the weekend", "agent_ids": [ids["wren"], ids["fern"]], "manager_config": {"manager_type": "round_robin"}}))["id"]
    http.post(f"/v1/groups/{group}/messages", json={"messages": [{"role": "user", "content": WEEKEND}]}).raise_for_status()
    for name, text in (("iris", ORDERS), ("fern", WATER), ("otto", REPORT), ("wren", DINNER), ("wren", BOOKING)):
        say(http, ids[name], text)
    backups(http, server.data / "backups")
    runs = {name: made(http.get("/v1/runs/", params={"agent_id": ids[name]})) for name in ("wren", "otto")}
    ids["run"], ids["failure"] = runs["wren"][1]["id"], runs["otto"][0]["id"]
    steps = made(http.get("/v1/steps/", params={"agent_id": ids["wren"]}))
    ids["step"] = next(one["id"] for one in steps if one["run_id"] == ids["run"])
    spans = made(http.get(f"/v1/runs/{ids['run']}/trace"))
    ids["event"] = next(one["span_id"] for one in spans if one["span_name"] == "agent_step")
    return ids
