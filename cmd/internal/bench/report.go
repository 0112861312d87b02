package main

import "context"

func reportRow(ctx context.Context, s settings) ([]line, error) { return nil, nil }
