package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/specimen/issuer"
	"github.com/cancuoc/cancuoc/reader"
	"github.com/cancuoc/cancuoc/simulator"
)

func Example() {
	ctx, office := context.Background(), must(issuer.New(rand.Reader, time.Now()))
	chip := &apdu.Conn{Wire: simulator.NewCard(must(simulator.Blank(rand.Reader)), rand.Reader, nil)}
	session := must(perso.Terminal{Keys: perso.DefaultKeys(), Rand: rand.Reader}.Open(chip))
	must(session.Write(ctx, must(office.Issue("dang-dinh-mau", "icao-td1")), nil))
	inspection := reader.Inspection{Access: must(reader.AccessByCAN("123456")), Rand: rand.Reader}
	fmt.Println(reader.Verify(must(inspection.Read(ctx, chip)), office.Trust(), office.At).Verdict)
	// Output: genuine
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
