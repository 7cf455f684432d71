-- Whoever comes from where somebody is signed in does not wait behind strangers to sign in.
CREATE INDEX logins_by_address ON logins (address, expires_at);
