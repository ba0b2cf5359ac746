package config

import (
	"slices"
	"time"
)

// rootKeys is the schema: every key of the file, bound to its place in the Config.
func rootKeys(c *Config) []key {
	return []key{
		text("state_dir", &c.StateDir, notEmpty),
		section("log",
			choice("level", &c.Log.Level, "debug", "info", "warn", "error"),
			choice("format", &c.Log.Format, "json", "console")),
		section("postgres",
			secret("url", &c.Postgres.URL, badPostgres),
			number("max_conns", &c.Postgres.MaxConns, 1, 1000, "10")),
		section("redis", secret("url", &c.Redis.URL, badRedis)),
		section("http", httpKeys(&c.HTTP)...),
		section("retain",
			span("changes", &c.Retain.Changes, time.Hour, maxDays*day, false, "90d"),
			span("batches", &c.Retain.Batches, time.Hour, maxDays*day, false, "14d")),
		section("alerts", secret("webhook", &c.Alerts.Webhook, badWebhook)),
		section("mail", mailKeys(&c.Mail)...),
		named("sources", c.Sources, newSource, sourceKeys),
		named("accounts", c.Accounts, newAccount, accountKeys),
		named("syncs", c.Syncs, newSync, syncKeys),
	}
}

func httpKeys(h *HTTP) []key {
	return []key{
		text("listen", &h.Listen, BadListen),
		text("metrics_listen", &h.MetricsListen, orEmpty(BadListen)),
		text("public_url", &h.PublicURL, orEmpty(badPublicURL)),
		list("users", &h.Users, User{Role: "viewer"}, userKeys),
		list("tokens", &h.Tokens, Token{}, tokenKeys),
	}
}

func userKeys(u *User) []key {
	return []key{
		text("name", &u.Name, badUserName),
		secret("password", &u.Password, badPassword),
		choice("role", &u.Role, "viewer", "operator"),
	}
}

func tokenKeys(t *Token) []key {
	return []key{
		text("name", &t.Name, notEmpty),
		secret("value", &t.Value, tooShort),
	}
}

func mailKeys(m *Mail) []key {
	return []key{
		text("host", &m.Host, notEmpty),
		number("port", &m.Port, 1, 65535, "587"),
		text("from", &m.From, badAddress),
		text("username", &m.Username, notEmpty),
		secret("password", &m.Password, anything),
		choice("tls", &m.TLS, "starttls", "tls", "none"),
	}
}

func sourceKeys(s *Source) []key {
	return []key{
		secret("dsn", &s.DSN, badDSN),
		zone("timezone", &s.Timezone),
		secret("hook_secret", &s.HookSecret, tooShort),
		section("api",
			text("url", &s.API.URL, badAPI),
			secret("identifier", &s.API.Identifier, badHeader),
			secret("secret", &s.API.Secret, badHeader),
			secret("access_key", &s.API.AccessKey, anything)),
	}
}

func accountKeys(a *Account) []key {
	return []key{
		choice("type", &a.Type, accountTypes...),
		text("host", &a.Host, badMailrelayHost),
		text("base_url", &a.BaseURL, badBaseURL),
		text("username", &a.Username, notEmpty),
		secret("password", &a.Password, anything),
		secret("api_key", &a.APIKey, badHeader),
		text("client_ip", &a.ClientIP, badIPv4),
		text("bootstrap", &a.Bootstrap, notEmpty),
		onOff("sub_resellers", &a.Children),
		section("rate",
			decimal("per_second", &a.Rate.PerSecond, 0.01, 10000, "4"),
			number("in_flight", &a.Rate.InFlight, 1, 256, "4")),
		span("timeout", &a.Timeout, time.Second, 10*time.Minute, false, "30s"),
		onOff("api_batches", &a.APIBatches),
		number("page_size", &a.PageSize, 1, 10000, "1000"),
	}
}

func syncKeys(s *Sync) []key {
	return slices.Concat(commonKeys(s), clientKeys(&s.Clients), domainKeys(&s.Domains))
}

func commonKeys(s *Sync) []key {
	return []key{
		choice("type", &s.Type, syncTypes...),
		text("source", &s.Source, notEmpty),
		text("account", &s.Account, notEmpty),
		text("schedule", &s.Schedule, orEmpty(badSchedule)),
		zone("timezone", &s.Timezone),
		choice("mode", &s.Mode, "apply", "notify"),
		number("batch_size", &s.BatchSize, 1, 5000, "250"),
		number("batches_per_run", &s.BatchesPerRun, 0, 1000000, "0 for the whole pass"),
		number("window", &s.Window, 1, 10000, "200"),
		number("attempts", &s.Attempts, 1, 100, "8"),
		secret("cron_key", &s.CronKey, tooShort),
		span("full_every", &s.FullEvery, time.Minute, 365*day, false, "24h"),
		span("poll", &s.Poll, 10*time.Second, 7*day, true, "5m"),
		section("guard",
			number("min", &s.Guard.Min, 0, 1000000000, "5"),
			decimal("percent", &s.Guard.Percent, 0, 100, "1"),
			decimal("listing_shrink", &s.Guard.ListingShrink, 0, 100, "20")),
		listOf("statuses", &s.Statuses, word),
		section("report",
			listOf("to", &s.Report.To, address),
			onOff("admins", &s.Report.Admins),
			onOff("empty", &s.Report.Empty)),
	}
}

func clientKeys(c *Clients) []key {
	return []key{
		choice("consent", &c.Consent, consents...),
		groups("groups", &c.Groups),
		onOff("replace_groups", &c.ReplaceGroups),
		fields("fields", &c.Fields),
		onOff("write_back", &c.WriteBack),
	}
}
