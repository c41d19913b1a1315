package main

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/test/bench/bare"
	"github.com/headwater/headwater/test/bench/pages"
	"github.com/headwater/headwater/test/bench/parents"
)

// roles are the processes that the measurement starts from its own binary.
var roles = map[string]func(args []string) error{"serve": serve, "bare": copyBare, "bare-items": copyItems, "loop-items": loopItems, "queue-items": queueItems}

// serve is the APIs' process: its address, the number of records.
func serve(args []string) error {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", args[0])
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/items", pages.New(n))
	mux.Handle("/", parents.New(pages.Record(0)))
	return (&http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}).Serve(l)
}

// copyBare is the bare program's process. It stays when it is done, as the worker does, so that both can be measured.
func copyBare(args []string) error {
	limit, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	cfg := bare.Config{URL: args[0], Limit: limit, Bootstrap: args[2], Topic: args[3]}
	if err := bare.Run(context.Background(), cfg); err != nil {
		return err
	}
	select {}
}

// copyItems is copyBare for parents and their children.
func copyItems(args []string) error { return crawl(args, false) }

// loopItems is copyItems item after item.
func loopItems(args []string) error { return crawl(args, true) }

func crawl(args []string, wait bool) error {
	cfg, err := itemsConfig(args)
	cfg.Wait = wait
	if err == nil {
		err = bare.Items(context.Background(), cfg)
	}
	if err != nil {
		return err
	}
	select {}
}

// queueItems is copyItems by way of a work queue.
func queueItems(args []string) error {
	cfg, err := itemsConfig(args)
	if err != nil {
		return err
	}
	return bare.Queue(context.Background(), bare.QueueConfig{ItemsConfig: cfg, Queue: args[6], Lanes: chaining.Lanes})
}

func itemsConfig(args []string) (bare.ItemsConfig, error) {
	inFlight, err := strconv.Atoi(args[2])
	return bare.ItemsConfig{
		Parents: args[0], Children: args[1], InFlight: inFlight, Bootstrap: args[3], ParentTopic: args[4], ChildTopic: args[5],
	}, err
}
