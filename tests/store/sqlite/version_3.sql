PRAGMA application_id = 1397511240;
PRAGMA user_version = 3;
BEGIN TRANSACTION;
CREATE TABLE locks (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  acquired_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  expires_at DATETIME NOT NULL
, token INTEGER, owner_host TEXT, owner_pid INTEGER, owner_start INTEGER, owner_boot TEXT, deadline INTEGER, boot_id TEXT, tied INTEGER);
INSERT INTO "locks" VALUES('held','ci','2026-11-27 13:17:54.155','2026-11-28 13:17:54.154',1,'vm',15928,119732,'5cd97ac6-55f9-4fae-9d34-658d703f1e59',87597956547626,'5cd97ac6-55f9-4fae-9d34-658d703f1e59',0);
CREATE TABLE "sloth_bulk" (change INTEGER);
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
      task TEXT,
      forgotten INTEGER NOT NULL DEFAULT 0);
INSERT INTO "sloth_changes" VALUES(1,1795785474102,1,'alice','build-7',41,'sloth-runner','fill',NULL,NULL,1);
INSERT INTO "sloth_changes" VALUES(2,1795785474117,6,'alice','build-7',41,'sloth-runner','count',NULL,NULL,5);
INSERT INTO "sloth_changes" VALUES(3,1795785474157,14,'alice','build-7',41,'sloth-runner','clear --prefix deploy:',NULL,NULL,0);
INSERT INTO "sloth_changes" VALUES(4,1795785474161,17,'alice','build-7',41,'sloth-runner','set version',NULL,NULL,0);
CREATE TABLE sloth_forgotten (key TEXT PRIMARY KEY, revision INTEGER NOT NULL);
INSERT INTO "sloth_forgotten" VALUES('deploy:count',10);
CREATE TABLE "sloth_history" (
      revision INTEGER PRIMARY KEY,
      key TEXT NOT NULL,
      operation TEXT NOT NULL,
      at INTEGER NOT NULL,
      change INTEGER,
      previous INTEGER,
      old_type TEXT,
      old);
INSERT INTO "sloth_history" VALUES(2,'deploy:live','set',1795785474111,1,NULL,NULL,NULL);
INSERT INTO "sloth_history" VALUES(3,'deploy:limits','set',1795785474112,1,NULL,NULL,NULL);
INSERT INTO "sloth_history" VALUES(4,'version','set',1795785474112,1,NULL,NULL,NULL);
INSERT INTO "sloth_history" VALUES(5,'tls','set',1795785474112,1,NULL,NULL,NULL);
INSERT INTO "sloth_history" VALUES(11,'deploy:count','set',1795785474137,2,NULL,'integer','5');
INSERT INTO "sloth_history" VALUES(12,'deploy:count','set',1795785474141,2,11,'integer','6');
INSERT INTO "sloth_history" VALUES(13,'deploy:count','set',1795785474149,2,12,'integer','7');
INSERT INTO "sloth_history" VALUES(14,'deploy:count','delete',1795785474157,3,13,'integer','8');
INSERT INTO "sloth_history" VALUES(15,'deploy:limits','delete',1795785474157,3,3,'table','{"cpu":2}');
INSERT INTO "sloth_history" VALUES(16,'deploy:live','delete',1795785474157,3,2,'boolean','true');
INSERT INTO "sloth_history" VALUES(17,'version','set',1795785474161,4,4,NULL,'v1');
CREATE TABLE sloth_lock_breaks (
      at INTEGER NOT NULL,
      name TEXT NOT NULL,
      holder TEXT,
      token INTEGER,
      change INTEGER);
CREATE TABLE sloth_lock_tokens (name TEXT PRIMARY KEY, token INTEGER NOT NULL);
INSERT INTO "sloth_lock_tokens" VALUES('held',1);
CREATE TABLE sloth_meta (name TEXT PRIMARY KEY, value);
INSERT INTO "sloth_meta" VALUES('swept_at',1795785474172);
CREATE TABLE sloth_replaced (key TEXT, value, type TEXT, revision INTEGER, change INTEGER);
CREATE TABLE sloth_secret_patterns (pattern TEXT PRIMARY KEY);
CREATE TABLE sloth_secrets (key TEXT PRIMARY KEY);
CREATE TABLE state (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME DEFAULT CURRENT_TIMESTAMP
, type TEXT, revision INTEGER, change INTEGER);
INSERT INTO "state" VALUES('version','v2','2026-11-27 13:17:54.112','2026-11-27 13:17:54.161',NULL,17,4);
INSERT INTO "state" VALUES('tls',X'30FF','2026-11-27 13:17:54.112','2026-11-27 13:17:54.112','bytes',5,1);
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
CREATE INDEX sloth_history_gone ON sloth_history (key) WHERE operation = 'delete';
CREATE INDEX sloth_history_deleted ON sloth_history (at) WHERE operation = 'delete';
CREATE TRIGGER sloth_before_insert BEFORE INSERT ON state WHEN NEW.key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sloth_bulk)
    BEGIN
      DELETE FROM sloth_replaced;
      INSERT INTO sloth_replaced (key, value, type, revision, change)
        SELECT key, value, type, revision, change FROM state WHERE key = NEW.key;
    END;
CREATE TRIGGER sloth_inserted AFTER INSERT ON state WHEN NEW.key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sloth_bulk)
    BEGIN
      INSERT INTO sloth_history (revision, key, operation, at, change, previous, old, old_type) SELECT (SELECT coalesce(max(revision), 0) + 1 FROM sloth_history), NEW.key, 'set', CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER), CASE WHEN NEW.revision IS (SELECT coalesce(max(revision), 0) + 1 FROM sloth_history) THEN NEW.change END, coalesce((SELECT revision FROM sloth_replaced), (SELECT max(revision) FROM sloth_history WHERE key = NEW.key AND operation = 'delete')), CASE WHEN (SELECT value FROM sloth_replaced) IS NOT NULL AND (EXISTS (SELECT 1 FROM sloth_secrets WHERE key = NEW.key) OR EXISTS (SELECT 1 FROM sloth_secret_patterns WHERE NEW.key GLOB pattern)) THEN x'' ELSE (SELECT value FROM sloth_replaced) END, CASE WHEN (SELECT value FROM sloth_replaced) IS NOT NULL AND (EXISTS (SELECT 1 FROM sloth_secrets WHERE key = NEW.key) OR EXISTS (SELECT 1 FROM sloth_secret_patterns WHERE NEW.key GLOB pattern)) THEN 'secret' ELSE (SELECT type FROM sloth_replaced) END
        WHERE NEW.revision IS (SELECT coalesce(max(revision), 0) + 1 FROM sloth_history) OR NOT EXISTS (SELECT 1 FROM sloth_replaced WHERE value IS NEW.value);
      UPDATE state SET
        type = CASE WHEN EXISTS (SELECT 1 FROM sloth_replaced WHERE value IS NEW.value) THEN (SELECT type FROM sloth_replaced)
          WHEN NEW.revision IS NOT NULL THEN NEW.type END,
        change = CASE WHEN EXISTS (SELECT 1 FROM sloth_replaced WHERE value IS NEW.value) THEN (SELECT change FROM sloth_replaced) END,
        revision = CASE WHEN EXISTS (SELECT 1 FROM sloth_replaced WHERE value IS NEW.value) THEN (SELECT revision FROM sloth_replaced) ELSE (SELECT coalesce(max(revision), 0) FROM sloth_history) END
        WHERE rowid = NEW.rowid AND revision IS NOT (SELECT coalesce(max(revision), 0) FROM sloth_history);
      DELETE FROM sloth_replaced;
    END;
CREATE TRIGGER sloth_updated AFTER UPDATE OF value, key ON state
    WHEN NEW.key = OLD.key AND (NEW.revision IS NOT OLD.revision OR NEW.value IS NOT OLD.value) AND NOT EXISTS (SELECT 1 FROM sloth_bulk)
    BEGIN
      INSERT INTO sloth_history (revision, key, operation, at, change, previous, old, old_type) SELECT (SELECT coalesce(max(revision), 0) + 1 FROM sloth_history), NEW.key, 'set', CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER), CASE WHEN NEW.revision IS (SELECT coalesce(max(revision), 0) + 1 FROM sloth_history) THEN NEW.change END, OLD.revision, CASE WHEN OLD.value IS NOT NULL AND (EXISTS (SELECT 1 FROM sloth_secrets WHERE key = OLD.key) OR EXISTS (SELECT 1 FROM sloth_secret_patterns WHERE OLD.key GLOB pattern)) THEN x'' ELSE OLD.value END, CASE WHEN OLD.value IS NOT NULL AND (EXISTS (SELECT 1 FROM sloth_secrets WHERE key = OLD.key) OR EXISTS (SELECT 1 FROM sloth_secret_patterns WHERE OLD.key GLOB pattern)) THEN 'secret' ELSE OLD.type END;
      UPDATE state SET type = CASE WHEN NEW.revision IS NOT OLD.revision THEN NEW.type END, change = NULL,
        revision = (SELECT coalesce(max(revision), 0) FROM sloth_history) WHERE rowid = NEW.rowid AND revision IS NOT (SELECT coalesce(max(revision), 0) FROM sloth_history);
    END;
CREATE TRIGGER sloth_deleted AFTER DELETE ON state WHEN OLD.key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sloth_bulk)
    BEGIN
      INSERT INTO sloth_history (revision, key, operation, at, change, previous, old, old_type) SELECT (SELECT coalesce(max(revision), 0) + 1 FROM sloth_history), OLD.key, 'delete', CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER), NULL, OLD.revision, CASE WHEN OLD.value IS NOT NULL AND (EXISTS (SELECT 1 FROM sloth_secrets WHERE key = OLD.key) OR EXISTS (SELECT 1 FROM sloth_secret_patterns WHERE OLD.key GLOB pattern)) THEN x'' ELSE OLD.value END, CASE WHEN OLD.value IS NOT NULL AND (EXISTS (SELECT 1 FROM sloth_secrets WHERE key = OLD.key) OR EXISTS (SELECT 1 FROM sloth_secret_patterns WHERE OLD.key GLOB pattern)) THEN 'secret' ELSE OLD.type END;
      DELETE FROM sloth_replaced;
    END;
CREATE TRIGGER sloth_before_rename BEFORE UPDATE OF key ON state
    WHEN NEW.key IS NOT OLD.key
    BEGIN
      DELETE FROM sloth_replaced;
      INSERT INTO sloth_replaced (key, value, type, revision, change)
        SELECT key, value, type, revision, change FROM state WHERE key = NEW.key;
    END;
CREATE TRIGGER sloth_renamed AFTER UPDATE OF key ON state WHEN NEW.key IS NOT OLD.key
    BEGIN
      INSERT INTO sloth_history (revision, key, operation, at, change, previous, old, old_type) SELECT (SELECT coalesce(max(revision), 0) + 1 FROM sloth_history), OLD.key, 'delete', CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER), NULL, OLD.revision, CASE WHEN OLD.value IS NOT NULL AND (EXISTS (SELECT 1 FROM sloth_secrets WHERE key = OLD.key) OR EXISTS (SELECT 1 FROM sloth_secret_patterns WHERE OLD.key GLOB pattern)) THEN x'' ELSE OLD.value END, CASE WHEN OLD.value IS NOT NULL AND (EXISTS (SELECT 1 FROM sloth_secrets WHERE key = OLD.key) OR EXISTS (SELECT 1 FROM sloth_secret_patterns WHERE OLD.key GLOB pattern)) THEN 'secret' ELSE OLD.type END
        WHERE OLD.key IS NOT NULL;
      INSERT INTO sloth_history (revision, key, operation, at, change, previous, old, old_type) SELECT (SELECT coalesce(max(revision), 0) + 1 FROM sloth_history), NEW.key, 'set', CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER), NULL, coalesce((SELECT revision FROM sloth_replaced), (SELECT max(revision) FROM sloth_history WHERE key = NEW.key AND operation = 'delete')), CASE WHEN (SELECT value FROM sloth_replaced) IS NOT NULL AND (EXISTS (SELECT 1 FROM sloth_secrets WHERE key = NEW.key) OR EXISTS (SELECT 1 FROM sloth_secret_patterns WHERE NEW.key GLOB pattern)) THEN x'' ELSE (SELECT value FROM sloth_replaced) END, CASE WHEN (SELECT value FROM sloth_replaced) IS NOT NULL AND (EXISTS (SELECT 1 FROM sloth_secrets WHERE key = NEW.key) OR EXISTS (SELECT 1 FROM sloth_secret_patterns WHERE NEW.key GLOB pattern)) THEN 'secret' ELSE (SELECT type FROM sloth_replaced) END
        WHERE NEW.key IS NOT NULL;
      UPDATE state SET change = NULL, revision = (SELECT max(revision) FROM sloth_history),
        type = CASE WHEN NEW.value IS OLD.value THEN OLD.type END
        WHERE key = NEW.key;
      DELETE FROM sloth_replaced;
    END;
CREATE TRIGGER sloth_forgets AFTER DELETE ON sloth_history
    BEGIN
      INSERT INTO sloth_forgotten (key, revision)
        SELECT OLD.key, 0 WHERE NOT EXISTS (SELECT 1 FROM sloth_forgotten WHERE key = OLD.key);
      UPDATE sloth_forgotten SET revision = max(revision, OLD.revision) WHERE key = OLD.key;
      UPDATE sloth_changes SET forgotten = forgotten + 1 WHERE id = OLD.change;
    END;
COMMIT;
