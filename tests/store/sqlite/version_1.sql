PRAGMA application_id = 1397511240;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE locks (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  acquired_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  expires_at DATETIME NOT NULL
, token INTEGER, owner_host TEXT, owner_pid INTEGER, owner_start INTEGER, owner_boot TEXT, deadline INTEGER, boot_id TEXT, tied INTEGER);
INSERT INTO "locks" VALUES('held','ci','2026-11-23 17:26:56.616','2026-11-24 17:26:56.615',1,'vm',7504,690670,'1efecf08-de55-4d22-bdd1-a4f6f4d49bcd',93306991158383,'1efecf08-de55-4d22-bdd1-a4f6f4d49bcd',0);
CREATE TABLE sloth_changes (
      id INTEGER PRIMARY KEY,
      at INTEGER NOT NULL,
      first_revision INTEGER NOT NULL,
      user TEXT,
      host TEXT,
      pid INTEGER,
      program TEXT,
      title TEXT,
      run TEXT,
      task TEXT);
INSERT INTO "sloth_changes" VALUES(1,1795454816543,1,'alice','build-7',41,'sloth-runner','fill',NULL,NULL);
INSERT INTO "sloth_changes" VALUES(2,1795454816552,6,'alice','build-7',41,'sloth-runner','count',NULL,NULL);
INSERT INTO "sloth_changes" VALUES(3,1795454816603,17,'alice','build-7',41,'sloth-runner','clear --prefix deploy:',NULL,NULL);
INSERT INTO "sloth_changes" VALUES(4,1795454816612,17,'alice','build-7',41,'sloth-runner','set version',NULL,NULL);
CREATE TABLE sloth_history (
      revision INTEGER PRIMARY KEY,
      key TEXT NOT NULL,
      operation TEXT NOT NULL,
      old,
      old_type TEXT,
      at INTEGER NOT NULL,
      change INTEGER);
INSERT INTO "sloth_history" VALUES(2,'deploy:live','set',NULL,NULL,1795454816543,1);
INSERT INTO "sloth_history" VALUES(3,'deploy:limits','set',NULL,NULL,1795454816543,1);
INSERT INTO "sloth_history" VALUES(4,'version','set',NULL,NULL,1795454816543,1);
INSERT INTO "sloth_history" VALUES(5,'tls','set',NULL,NULL,1795454816543,1);
INSERT INTO "sloth_history" VALUES(11,'deploy:count','set','5','integer',1795454816594,2);
INSERT INTO "sloth_history" VALUES(12,'deploy:count','set','6','integer',1795454816598,2);
INSERT INTO "sloth_history" VALUES(13,'deploy:count','set','7','integer',1795454816601,2);
INSERT INTO "sloth_history" VALUES(14,'deploy:count','delete','8','integer',1795454816603,3);
INSERT INTO "sloth_history" VALUES(15,'deploy:live','delete','true','boolean',1795454816603,3);
INSERT INTO "sloth_history" VALUES(16,'deploy:limits','delete','{"cpu":2}','table',1795454816603,3);
INSERT INTO "sloth_history" VALUES(17,'version','set','v1',NULL,1795454816612,4);
CREATE TABLE sloth_lock_breaks (
      at INTEGER NOT NULL,
      name TEXT NOT NULL,
      holder TEXT,
      token INTEGER,
      change INTEGER);
CREATE TABLE sloth_lock_tokens (name TEXT PRIMARY KEY, token INTEGER NOT NULL);
INSERT INTO "sloth_lock_tokens" VALUES('held',1);
CREATE TABLE sloth_meta (name TEXT PRIMARY KEY, value);
INSERT INTO "sloth_meta" VALUES('swept_at',1795454816627);
CREATE TABLE sloth_replaced (key TEXT, value, type TEXT, revision INTEGER, change INTEGER);
CREATE TABLE state (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME DEFAULT CURRENT_TIMESTAMP
, type TEXT, revision INTEGER, change INTEGER);
INSERT INTO "state" VALUES('version','v2','2026-11-23 17:26:56.543','2026-11-23 17:26:56.612',NULL,17,4);
INSERT INTO "state" VALUES('tls',X'30FF','2026-11-23 17:26:56.543','2026-11-23 17:26:56.543','bytes',5,1);
CREATE INDEX sloth_history_key ON sloth_history (key, revision);
CREATE INDEX sloth_history_deleted ON sloth_history (at) WHERE operation = 'delete';
CREATE TRIGGER sloth_inserted AFTER INSERT ON state WHEN NEW.revision IS NOT NULL
    BEGIN
      INSERT INTO sloth_history (revision, key, operation, old, old_type, at, change) VALUES (NEW.revision, NEW.key, 'set', NULL, NULL, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER), NEW.change);
    END;
CREATE TRIGGER sloth_updated AFTER UPDATE OF value ON state WHEN NEW.revision IS NOT OLD.revision
    BEGIN
      INSERT INTO sloth_history (revision, key, operation, old, old_type, at, change) VALUES (NEW.revision, NEW.key, 'set', OLD.value, OLD.type, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER), NEW.change);
    END;
CREATE TRIGGER sloth_deleted AFTER DELETE ON state
    BEGIN
      INSERT INTO sloth_history (revision, key, operation, old, old_type, at, change) SELECT (SELECT coalesce(max(revision), 0) + 1 FROM sloth_history), OLD.key, 'delete', OLD.value, OLD.type, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER), NULL;
      DELETE FROM sloth_replaced;
    END;
CREATE TRIGGER sloth_others_before_insert BEFORE INSERT ON state WHEN NEW.revision IS NULL
    BEGIN
      DELETE FROM sloth_replaced;
      INSERT INTO sloth_replaced (key, value, type, revision, change)
        SELECT key, value, type, revision, change FROM state WHERE key = NEW.key;
    END;
CREATE TRIGGER sloth_others_inserted AFTER INSERT ON state WHEN NEW.revision IS NULL
    BEGIN
      INSERT INTO sloth_history (revision, key, operation, old, old_type, at, change) SELECT (SELECT coalesce(max(revision), 0) + 1 FROM sloth_history), NEW.key, 'set',
        (SELECT value FROM sloth_replaced), (SELECT type FROM sloth_replaced), CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER), NULL
        WHERE NOT EXISTS (SELECT 1 FROM sloth_replaced WHERE value IS NEW.value);
      UPDATE state SET
        type = (SELECT type FROM sloth_replaced WHERE value IS NEW.value),
        change = (SELECT change FROM sloth_replaced WHERE value IS NEW.value),
        revision = CASE WHEN EXISTS (SELECT 1 FROM sloth_replaced WHERE value IS NEW.value)
          THEN (SELECT revision FROM sloth_replaced) ELSE (SELECT max(revision) FROM sloth_history) END
        WHERE key = NEW.key;
      DELETE FROM sloth_replaced;
    END;
CREATE TRIGGER sloth_others_updated AFTER UPDATE OF value, key ON state
    WHEN NEW.revision IS OLD.revision AND NEW.key IS OLD.key AND NEW.value IS NOT OLD.value
    BEGIN
      INSERT INTO sloth_history (revision, key, operation, old, old_type, at, change) SELECT (SELECT coalesce(max(revision), 0) + 1 FROM sloth_history), NEW.key, 'set', OLD.value, OLD.type, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER), NULL;
      UPDATE state SET type = NULL, change = NULL, revision = (SELECT max(revision) FROM sloth_history)
        WHERE key = NEW.key;
    END;
CREATE TRIGGER sloth_others_before_rename BEFORE UPDATE OF key ON state
    WHEN NEW.key IS NOT OLD.key
    BEGIN
      DELETE FROM sloth_replaced;
      INSERT INTO sloth_replaced (key, value, type, revision, change)
        SELECT key, value, type, revision, change FROM state WHERE key = NEW.key;
    END;
CREATE TRIGGER sloth_others_renamed AFTER UPDATE OF key ON state WHEN NEW.key IS NOT OLD.key
    BEGIN
      INSERT INTO sloth_history (revision, key, operation, old, old_type, at, change) SELECT (SELECT coalesce(max(revision), 0) + 1 FROM sloth_history), OLD.key, 'delete', OLD.value, OLD.type, CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER), NULL;
      INSERT INTO sloth_history (revision, key, operation, old, old_type, at, change) SELECT (SELECT coalesce(max(revision), 0) + 1 FROM sloth_history), NEW.key, 'set',
        (SELECT value FROM sloth_replaced), (SELECT type FROM sloth_replaced), CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER), NULL;
      UPDATE state SET change = NULL, revision = (SELECT max(revision) FROM sloth_history),
        type = CASE WHEN NEW.value IS OLD.value THEN OLD.type END
        WHERE key = NEW.key;
      DELETE FROM sloth_replaced;
    END;
CREATE TRIGGER sloth_others_locked AFTER INSERT ON locks WHEN NEW.token IS NULL
    BEGIN
      INSERT INTO sloth_lock_tokens (name, token)
        SELECT NEW.name, 0 WHERE NOT EXISTS (SELECT 1 FROM sloth_lock_tokens WHERE name = NEW.name);
      UPDATE sloth_lock_tokens SET token = token + 1 WHERE name = NEW.name;
      UPDATE locks SET
        token = (SELECT token FROM sloth_lock_tokens WHERE name = NEW.name),
        owner_host = NULL, owner_pid = NULL, owner_start = NULL, owner_boot = NULL,
        deadline = NULL, boot_id = NULL, tied = NULL
        WHERE name = NEW.name;
    END;
CREATE TRIGGER sloth_others_relocked AFTER UPDATE OF name, holder, acquired_at, expires_at ON locks
    WHEN NEW.name IS NOT OLD.name OR NEW.holder IS NOT OLD.holder
      OR NEW.acquired_at IS NOT OLD.acquired_at OR NEW.expires_at IS NOT OLD.expires_at
    BEGIN
      INSERT INTO sloth_lock_tokens (name, token)
        SELECT NEW.name, 0 WHERE NOT EXISTS (SELECT 1 FROM sloth_lock_tokens WHERE name = NEW.name);
      UPDATE sloth_lock_tokens SET token = token + 1 WHERE name = NEW.name;
      UPDATE locks SET
        token = (SELECT token FROM sloth_lock_tokens WHERE name = NEW.name),
        owner_host = NULL, owner_pid = NULL, owner_start = NULL, owner_boot = NULL,
        deadline = NULL, boot_id = NULL, tied = NULL
        WHERE name = NEW.name;
    END;
COMMIT;
