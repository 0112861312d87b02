package main

import "context"

func windowRows(ctx context.Context, s settings) ([]line, error) { return nil, nil }
