-- What a database is, its rows aside: the same text for two databases that tests cannot tell from each other.
SELECT coalesce(string_agg(line, E'\n' ORDER BY line), ''), pg_database_size(current_database())
FROM (
    SELECT concat_ws(' ', 'column', c.relname, a.attname, a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
        a.attgenerated, a.attcollation, a.attacl, a.attoptions, a.attstattarget, pg_get_expr(d.adbin, d.adrelid)) AS line
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema' AND a.attnum > 0
    UNION ALL
    SELECT concat_ws(' ', 'relation', n.nspname, c.relname, c.relkind, c.relpersistence, c.relacl, c.relrowsecurity, c.reloptions, c.relowner,
        pg_get_indexdef(i.indexrelid), i.indisvalid, pg_get_viewdef(CASE WHEN c.relkind IN ('v', 'm') THEN c.oid END))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid
    WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
    UNION ALL
    SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace::regnamespace::text NOT LIKE 'pg\_%' AND connamespace <> 'information_schema'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', 'trigger', tgenabled, pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT concat_ws(' ', 'rule', pg_get_ruledef(oid)) FROM pg_rewrite WHERE ev_class >= 16384
    UNION ALL
    SELECT concat_ws(' ', 'function', oid::regprocedure, md5(prosrc), proacl) FROM pg_proc WHERE oid >= 16384
    UNION ALL
    SELECT concat_ws(' ', 'schema', nspname, nspacl) FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%'
    UNION ALL
    SELECT concat_ws(' ', 'extension', extname, extversion) FROM pg_extension
    UNION ALL
    SELECT concat_ws(' ', 'setting', s.setrole, s.setconfig)
    FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = current_database()
    UNION ALL
    SELECT concat_ws(' ', 'database', datacl, datallowconn, datconnlimit, datdba) FROM pg_database WHERE datname = current_database()
) AS parts
