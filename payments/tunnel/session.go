package tunnel

import (
	"context"
	"errors"
	"net"
	"time"

	"golang.org/x/crypto/ssh"

	"saoma/pos"
)

// session is one connection from dialling to its end. The error says why it is not there, or no longer.
func (t *Tunnel) session(ctx context.Context) error {
	conn, client, err := t.o.dial(ctx, t.o.Pace.SetUp)
	if err != nil {
		return err
	}
	defer conn.Close() // not client.Close: it would wait to say goodbye on a line that is dead
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	l, at, err := t.o.forward(client)
	if !stop() {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	if err := conn.SetDeadline(time.Time{}); err != nil { // it was for the set-up
		return t.o.lost(err)
	}
	t.note(Status{State: Up, At: at})
	return t.serve(ctx, conn, client, l)
}

// serve answers what arrives until ctx ends or the line is dead.
func (t *Tunnel) serve(ctx context.Context, conn net.Conn, client *ssh.Client, l net.Listener) error {
	server := newServer(Guard(t.o.Handler), t.o.Log)
	served, silent := make(chan error, 1), make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { served <- server.Serve(newListener(l)) }()
	go func() { silent <- t.watch(ctx, client) }()
	var err error
	select {
	case <-ctx.Done():
		shutDown(server) // the line stands: what is under way can still be answered
		return nil
	case err = <-served:
	case err = <-silent:
	}
	conn.Close()
	t.ending.Go(func() { shutDown(server) })
	return t.o.lost(err)
}

// watch asks the server now and then for a sign of life, until ctx ends or none comes. Without it a line whose
// packets are dropped on the way would look alive for ever: nobody else speaks on it.
func (t *Tunnel) watch(ctx context.Context, client *ssh.Client) error {
	tick := time.NewTicker(t.o.Pace.KeepAlive)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		answered := make(chan error, 1)
		go func() {
			// Any answer will do, and a server that does not know the request says so: that is one (OpenSSH, PROTOCOL 2.8).
			_, _, err := client.SendRequest("keepalive@openssh.com", true, nil)
			answered <- err
		}()
		select {
		case err := <-answered:
			if err != nil {
				return err
			}
		case <-time.After(t.o.Pace.Patience):
			return errSilent
		case <-ctx.Done():
			return nil
		}
	}
}

// lost is the sentence for a line that stood and broke.
func (o *Options) lost(err error) error {
	if errors.Is(err, errSilent) {
		return pos.Errorf(pos.Unavailable, "The tunnel's server %s has fallen silent; the counter connects again.", o.address()).Because(err)
	}
	return pos.Errorf(pos.Unavailable, "The tunnel's server %s has ended the connection; the counter connects again.", o.address()).Because(err)
}
