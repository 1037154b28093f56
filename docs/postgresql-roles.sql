-- Three roles for PostgreSQL: who runs the server cannot rewrite the ledger, also when the application is taken over.
--
--   battery_owner   owns the tables, runs migrations, lays the triggers; used by hand, never by the server
--   battery_app     what the server signs in as: adds events, reads, keeps the projections
--   battery_audit   reads
--
-- 1. As a superuser, once: create the roles and give the database to its owner (passwords are yours to set):
--      CREATE ROLE battery_owner LOGIN;  CREATE ROLE battery_app LOGIN;  CREATE ROLE battery_audit LOGIN;
--      CREATE DATABASE batteries OWNER battery_owner;
-- 2. As battery_owner: `manage.py migrate`, then this file, in the database; both again after every upgrade:
--      psql --set ON_ERROR_STOP=1 --file docs/postgresql-roles.sql
-- 3. The server: DATABASE_URL=postgres://battery_app:…@host/batteries

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO battery_app, battery_audit;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, battery_app, battery_audit;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO battery_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO battery_app;

-- The ledger: events, what stands beside them, and the queue of the global log are added to and read, no more.
REVOKE UPDATE, DELETE ON traceability_lifecycleevent, traceability_eventcontent, traceability_outboxentry FROM battery_app;
-- Which migrations ran is the owner's to say.
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM battery_app;

GRANT SELECT ON ALL TABLES IN SCHEMA public TO battery_audit;
-- What signs people in, or labels, is no auditor's business.
REVOKE SELECT ON django_session, traceability_apitoken, traceability_user, batteries_labelkey, mfa_authenticator, door_attempt
  FROM battery_audit;
