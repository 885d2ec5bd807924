-- Jobs that are to be created once the transaction that stores them has committed.
create table if not exists job_outbox (
    id         uuid primary key default gen_random_uuid(),
    type       text not null,
    payload    jsonb not null,
    refused    text,
    created_at timestamptz not null default now()
);

create or replace function job_outbox_told() returns trigger language plpgsql as $$
begin
    notify job_outbox;  -- PostgreSQL delivers it when the transaction commits
    return null;
end $$;

create or replace trigger job_outbox_told after insert on job_outbox for each statement execute function job_outbox_told();
