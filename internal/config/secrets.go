package config

// Secrets lists every secret value of a configuration, so that a log can be kept free of them.
func Secrets(c Config) []string {
	all := []Secret{c.Alerts.Webhook, c.Mail.Password}
	for _, url := range []Secret{c.Postgres.URL, c.Redis.URL} {
		if url.Reveal() != Embedded {
			all = append(all, url)
		}
	}
	for _, u := range c.HTTP.Users {
		all = append(all, u.Password)
	}
	for _, t := range c.HTTP.Tokens {
		all = append(all, t.Value)
	}
	for _, s := range c.Sources {
		all = append(all, s.DSN, s.HookSecret, s.API.Identifier, s.API.Secret, s.API.AccessKey)
	}
	for _, a := range c.Accounts {
		all = append(all, a.APIKey, a.Password)
	}
	for _, s := range c.Syncs {
		all = append(all, s.CronKey)
	}
	var values []string
	for _, secret := range all {
		if !secret.IsZero() {
			values = append(values, secret.Reveal())
		}
	}
	return values
}
