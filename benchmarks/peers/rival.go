package main

import "context"

// startRival starts a server of the module rivals.
func startRival(ctx context.Context, b *bench, name string) error {
	tcp, _, _, err := b.addresses(name)
	if err != nil {
		return err
	}
	s := &server{name: name, version: moduleVersion(b.rivals, name), speaks: plainHTTP{}, tcp: tcp, behind: b.asked}
	return b.run(ctx, s, b.rivals, "-server", name, "-listen", tcp, "-origin", "http://"+b.origin.address)
}
