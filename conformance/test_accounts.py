"""Organizations and users. No published client has their routes, so they are called plainly; what a client sees stays its own."""

import pytest

from conftest import client_of
from harness import unknown
from steps import fresh, ids, make_agent

pytestmark = pytest.mark.clients

ORGS, USERS = "/v1/admin/orgs/", "/v1/admin/users/"
DEFAULT_ORG, DEFAULT_USER = (f"{kind}-00000000-0000-4000-8000-000000000000" for kind in ("org", "user"))


def made(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()


def make_user(http):
    org = made(http.post(ORGS, json={"name": fresh("org")}))
    return org, made(http.post(USERS, json={"name": fresh("user"), "organization_id": org["id"]}))


def test_a_user_acts_in_the_users_organization(client, http):
    _, user = make_user(http)
    inside = {"user_id": user["id"]}
    agent = make_agent(client)
    name = fresh("theirs")
    theirs = made(http.post("/v1/agents/", json={"name": name, "model": "openai-proxy/gpt-4o-mini"}, headers=inside))
    assert ids(client.agents(name=name)) == []
    assert [each["id"] for each in http.get("/v1/agents/", headers=inside).json()] == [theirs["id"]]
    assert http.get(f"/v1/agents/{agent.id}", headers=inside).status_code == 404
    assert {tool["name"] for tool in http.get("/v1/tools/?limit=0", headers=inside).json()} >= {"memory_insert", "conversation_search"}
    made(http.post(f"/v1/agents/{theirs['id']}/messages", json={"input": "Hi."}, headers=inside))
    assert all(message["agent_id"] == theirs["id"] for message in
               http.post("/v1/messages/search", json={"query": "Hi"}, headers=inside).json())


def test_accounts_survive_a_restart_and_end(own_server):
    with own_server.http() as http:
        org, user = make_user(http)
        assert [each["id"] for each in http.get(ORGS).json()] == [DEFAULT_ORG, org["id"]]
        assert made(http.put(USERS, json={"id": user["id"], "name": "renamed"}))["name"] == "renamed"
        assert made(http.patch(ORGS, params={"org_id": org["id"]}, json={"name": "renamed"}))["name"] == "renamed"
        made(http.post("/v1/blocks/", json={"label": "x", "value": "y"}, headers={"user_id": user["id"]}))
    own_server.restart()
    with own_server.http() as http:
        assert [(each["id"], each["name"]) for each in http.get(USERS).json()] == [(DEFAULT_USER, "default_user"), (user["id"], "renamed")]
        made(http.delete(ORGS, params={"org_id": org["id"]}))
        assert http.get("/v1/blocks/", headers={"user_id": user["id"]}).status_code == 404
        assert [each["id"] for each in http.get(USERS).json()] == [DEFAULT_USER]
        assert http.get("/v1/blocks/", headers={"user_id": unknown("user")}).json() == []
    assert client_of(own_server).agents() == []


def test_the_default_ones_stay(http):
    assert http.delete(ORGS, params={"org_id": DEFAULT_ORG}).status_code == 409
    assert http.delete(USERS, params={"user_id": DEFAULT_USER}).status_code == 409
    assert http.delete(ORGS, params={"org_id": unknown("org")}).status_code == 404
    assert http.delete(USERS, params={"user_id": unknown("user")}).status_code == 404
    assert http.post(USERS, json={"name": "u"}).status_code == 422
