package apdu

import "fmt"

// StatusWord is SW1 SW2 of a response (ISO/IEC 7816-4, section 5.6). As an error it says what the card answered and
// what that means; errors.Is finds it in a wrapped error.
type StatusWord uint16

// The status words that this project sends or tells apart.
const (
	SWOK                         StatusWord = 0x9000
	SWEndOfFile                  StatusWord = 0x6282
	SWAuthenticationFailed       StatusWord = 0x6300
	SWMoreData                   StatusWord = 0x6310
	SWMemoryFailure              StatusWord = 0x6581
	SWWrongLength                StatusWord = 0x6700
	SWSecureMessagingUnsupported StatusWord = 0x6882
	SWLastCommandExpected        StatusWord = 0x6883
	SWChainingUnsupported        StatusWord = 0x6884
	SWSecurityStatusNotSatisfied StatusWord = 0x6982
	SWAuthenticationBlocked      StatusWord = 0x6983
	SWConditionsNotSatisfied     StatusWord = 0x6985
	SWNoCurrentEF                StatusWord = 0x6986
	SWSMDataObjectsMissing       StatusWord = 0x6987
	SWSMDataObjectsIncorrect     StatusWord = 0x6988
	SWWrongData                  StatusWord = 0x6A80
	SWFunctionNotSupported       StatusWord = 0x6A81
	SWFileNotFound               StatusWord = 0x6A82
	SWNotEnoughMemory            StatusWord = 0x6A84
	SWIncorrectP1P2              StatusWord = 0x6A86
	SWReferenceNotFound          StatusWord = 0x6A88
	SWWrongOffset                StatusWord = 0x6B00
	SWInstructionNotSupported    StatusWord = 0x6D00
	SWClassNotSupported          StatusWord = 0x6E00
	SWUnspecified                StatusWord = 0x6F00
)

// Meaning gives the standard's words for the status word, or nothing for one without a fixed meaning.
func (sw StatusWord) Meaning() string {
	switch sw {
	case SWOK:
		return "done"
	case SWEndOfFile:
		return "end of file reached before Ne bytes"
	case SWAuthenticationFailed:
		return "authentication failed"
	case SWMoreData:
		return "more data available"
	case SWMemoryFailure:
		return "memory failure"
	case SWWrongLength:
		return "wrong length"
	case SWSecureMessagingUnsupported:
		return "secure messaging not supported"
	case SWLastCommandExpected:
		return "last command of the chain expected"
	case SWChainingUnsupported:
		return "command chaining not supported"
	case SWSecurityStatusNotSatisfied:
		return "security status not satisfied"
	case SWAuthenticationBlocked:
		return "authentication method blocked"
	case SWConditionsNotSatisfied:
		return "conditions of use not satisfied"
	case SWNoCurrentEF:
		return "no current file"
	case SWSMDataObjectsMissing:
		return "secure messaging data objects missing"
	case SWSMDataObjectsIncorrect:
		return "secure messaging data objects incorrect"
	case SWWrongData:
		return "incorrect parameters in the data field"
	case SWFunctionNotSupported:
		return "function not supported"
	case SWFileNotFound:
		return "file or application not found"
	case SWNotEnoughMemory:
		return "not enough memory space"
	case SWIncorrectP1P2:
		return "incorrect parameters P1-P2"
	case SWReferenceNotFound:
		return "referenced data not found"
	case SWWrongOffset:
		return "offset outside the file"
	case SWInstructionNotSupported:
		return "instruction not supported"
	case SWClassNotSupported:
		return "class not supported"
	case SWUnspecified:
		return "no precise diagnosis"
	}
	return ""
}

// Error says what the card answered.
func (sw StatusWord) Error() string {
	if m := sw.Meaning(); m != "" {
		return fmt.Sprintf("card answered %04X %s", uint16(sw), m)
	}
	return fmt.Sprintf("card answered %04X", uint16(sw))
}
