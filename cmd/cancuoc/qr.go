package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/vnm"
)

func newQRCommand(d *desk) *cobra.Command {
	return group("qr", "Decode the text of a card's QR code", &cobra.Command{
		Use: "decode TEXT|-", Short: "Say what the text of a QR code holds", Args: cobra.ExactArgs(1),
		Long: `Say what the text of a card's QR code holds. The card of 2021 has seven fields, that of 2024 eleven; what the
last four mean was not published, so they are shown as they are.`,
		Example: "  cancuoc qr decode - < qr.txt\n  cancuoc qr decode '000155000017||Nguyễn Thị Mẫu|20081955|Nữ|Tổ 1, Mẫu, Hà Nội|02012022'",
		RunE:    func(_ *cobra.Command, args []string) error { return runQRDecode(d, args[0]) },
	})
}

// qrResult is what a QR code says.
type qrResult struct {
	PersonalNumber string    `json:"personal_number"`
	OldNumber      string    `json:"old_number,omitempty"`
	FullName       string    `json:"full_name"`
	DateOfBirth    date.Date `json:"date_of_birth"`
	Sex            string    `json:"sex"`
	Residence      string    `json:"residence"`
	DateOfIssue    date.Date `json:"date_of_issue"`
	Rest           []string  `json:"rest,omitempty"`
}

func runQRDecode(d *desk, arg string) error {
	text, err := d.input(arg)
	if err != nil {
		return err
	}
	q, err := vnm.ParseQR(text)
	if err != nil {
		return withCode(exitInput, err)
	}
	result := qrResult{q.PersonalNumber, q.OldNumber, q.FullName, q.DateOfBirth, q.Sex, q.Residence, q.DateOfIssue, q.Rest}
	return d.print(result, result.write)
}

func (q qrResult) write(w io.Writer) {
	for _, f := range []struct{ name, value string }{
		{"personal number", q.PersonalNumber}, {"old number", orDash(q.OldNumber)}, {"full name", q.FullName},
		{"date of birth", q.DateOfBirth.String()}, {"sex", q.Sex}, {"residence", q.Residence},
		{"date of issue", q.DateOfIssue.String()},
	} {
		fmt.Fprintf(w, "%-15s %s\n", f.name, printable(f.value))
	}
	if len(q.Rest) > 0 {
		fmt.Fprintf(w, "%-15s %s\n", "rest", printable(strings.Join(q.Rest, " | ")))
	}
}
