"""Jobs through the first client generation; the second has none."""

import pytest

from conftest import client_of
from harness import unknown
from steps import ids, make_agent, refused

pytestmark = [pytest.mark.clients, pytest.mark.only("legacy")]

ORGANIZATION = "org-00000000-0000-4000-8000-000000000000"


def job_statement(status, time, folder_id=None):
    """What stores a job, and its id."""
    job_id = unknown("job")
    folder = f"'{folder_id}'" if folder_id else "NULL"
    return job_id, (
        "INSERT INTO job (organization_id, id, job_type, status, metadata, folder_id, created_at, updated_at)"
        f" VALUES ('{ORGANIZATION}', '{job_id}', 'job', '{status}', '{{\"a\": 1}}', {folder}, {time}, {time})")


def test_jobs_are_listed_cancelled_and_deleted(own_server):
    client = client_of(own_server)
    jobs = client.raw.jobs
    folder_id = unknown("source")
    (done, first), (reading, second) = job_statement("completed", 1), job_statement("running", 2, folder_id)
    own_server.execute(first, second)
    assert ids(jobs.list()) == [reading, done]
    assert ids(jobs.list(limit=1, after=reading)) == [done]
    assert ids(jobs.list(active=True)) == ids(jobs.list_active()) == ids(jobs.list(source_id=folder_id)) == [reading]
    seen = jobs.retrieve(done)
    assert (seen.id, seen.status, seen.job_type, seen.metadata) == (done, "completed", "job", {"a": 1})
    assert jobs.cancel_job(reading).status == "cancelled"
    assert jobs.cancel_job(done).status == "completed"
    assert jobs.list_active() == []
    assert jobs.delete(done).id == done
    for call in (jobs.retrieve, jobs.cancel_job, jobs.delete):
        with refused(client, 404):
            call(done)


def test_a_run_is_found_as_a_job(client):
    agent = make_agent(client)
    run_id = client.send(agent.id, "Hi").messages[0].run_id
    seen = client.raw.jobs.retrieve(run_id)
    assert (seen.id, seen.status, seen.job_type, seen.agent_id) == (run_id, "completed", "run", agent.id)
    assert client.raw.jobs.delete(run_id).id == run_id
    with refused(client, 404):
        client.raw.jobs.retrieve(run_id)
