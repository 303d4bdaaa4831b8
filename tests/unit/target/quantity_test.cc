#include "target/quantity.h"

#include <limits>

#include <gtest/gtest.h>

#include "support/random.h"

namespace allot {
namespace {

TEST(Quantity, ReadsPrefixesAndUnits) {
  const auto bytes = [](const char* text) { return ParseQuantity(text, Unit::kBytes).value(); };
  EXPECT_EQ(bytes("40GiB"), int64_t{40} << 30);
  EXPECT_EQ(bytes("1.5KiB"), 1536);
  EXPECT_EQ(bytes("2 MB"), 2'000'000);
  EXPECT_EQ(bytes("17"), 17);
  EXPECT_EQ(bytes("3k"), 3000);
  EXPECT_EQ(bytes("3K"), 3000);
  EXPECT_EQ(bytes("0.5B"), 1) << "half up";
  EXPECT_EQ(bytes("1e3MB"), 1'000'000'000);
  EXPECT_EQ(bytes("1.5E+3 MB"), 1'500'000'000);
  EXPECT_EQ(bytes("4e9"), 4'000'000'000);
  EXPECT_EQ(bytes("2e-3kB"), 2);
  EXPECT_EQ(bytes("1EB"), 1'000'000'000'000'000'000) << "exa";
  EXPECT_EQ(ParseQuantity("1e12", Unit::kFlopsPerSecond).value(), 1'000'000'000'000);
  EXPECT_EQ(ParseQuantity("1555GB/s", Unit::kBytesPerSecond).value(), 1'555'000'000'000);
  EXPECT_EQ(ParseQuantity("19.5T", Unit::kFlopsPerSecond).value(), 19'500'000'000'000);
  EXPECT_EQ(ParseQuantity("19.5 TFLOP/s", Unit::kFlopsPerSecond).value(), 19'500'000'000'000);
  EXPECT_EQ(ParseQuantity("19.5TFLOPS", Unit::kFlopsPerSecond).value(), 19'500'000'000'000);
  EXPECT_EQ(ParseQuantity("6TOPS", Unit::kFlopsPerSecond).value(), 6'000'000'000'000);
}

TEST(Quantity, RefusesBitsSignsAndNonsense) {
  for (const char* text :
       {"", "GB", "25GB/h", "-3GB/s", "1.2.3GB/s", "3 4", "1e3x", "inf", "nan", "3XB/s", "0x10",
        "3 G i B/s", "e3GB/s", "1e GB/s", "1e+GB/s", "1e3e3B/s", "1e3.5B/s"}) {
    const auto parsed = ParseQuantity(text, Unit::kBytesPerSecond);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.status().message(),
              std::string("cannot read '") + text + "'; write it like '25GB/s'");
  }
  EXPECT_FALSE(ParseQuantity("1GB/s", Unit::kBytes).ok());
  EXPECT_EQ(ParseQuantity("99999999999E", Unit::kFlopsPerSecond).status().message(),
            "'99999999999E' is too large");
}

TEST(Quantity, SaysWhatBitsAreInBytes) {
  const auto advice = [](const char* text, Unit unit) {
    return std::string(ParseQuantity(text, unit).status().message());
  };
  const std::string says = "': 'b' are bits, and rates and sizes are in bytes; that is ";
  for (const char* text :
       {"25Gb/s", "25 Gb/s", "25Gbit/s", "25Gbps", "25GBit/s", "25 Gbits/s", "25000Mb/s"}) {
    EXPECT_EQ(advice(text, Unit::kBytesPerSecond),
              "cannot read '" + std::string(text) + says + "3.125GB/s");
  }
  EXPECT_EQ(advice("100Gbps", Unit::kBytesPerSecond), "cannot read '100Gbps" + says + "12.5GB/s");
  EXPECT_EQ(advice("8Gib/s", Unit::kBytesPerSecond),
            "cannot read '8Gib/s" + says + "1073741.824kB/s");
  EXPECT_EQ(advice("2.5e1Gb/s", Unit::kBytesPerSecond),
            "cannot read '2.5e1Gb/s" + says + "3.125GB/s");
  EXPECT_EQ(advice("16Gb", Unit::kBytes), "cannot read '16Gb" + says + "2GB");
  EXPECT_EQ(advice("16Gbit", Unit::kBytes), "cannot read '16Gbit" + says + "2GB");
  // A small prefix may mean either.
  for (const char* text : {"25gb/s", "25gbps", "25 gbit/s", "25gib/s"}) {
    const std::string own = std::string(text) == "25gib/s" ? "'25GiB/s', or '3355443.2kB/s'"
                                                           : "'25GB/s', or '3.125GB/s'";
    for (const Unit unit : {Unit::kBytesPerSecond, Unit::kNetworkBytesPerSecond}) {
      EXPECT_EQ(advice(text, unit),
                "cannot read '" + std::string(text) + "'; write " + own + " if bits are meant");
    }
  }
  EXPECT_EQ(advice("200mb/s", Unit::kBytesPerSecond),
            "cannot read '200mb/s'; write '200MB/s', or '25MB/s' if bits are meant");
  EXPECT_EQ(advice("16gb", Unit::kBytes),
            "cannot read '16gb'; write '16GB', or '2GB' if bits are meant");
  EXPECT_EQ(advice("16Gb/s", Unit::kBytes), "cannot read '16Gb/s'; write it like '40GiB'");
  EXPECT_EQ(advice("16Gb", Unit::kFlopsPerSecond), "cannot read '16Gb'; write it like '19.5T'");
}

TEST(Quantity, PrintsTheShortestExactForm) {
  EXPECT_EQ(PrintQuantity(int64_t{40} << 30, Unit::kBytes), "40GiB");
  EXPECT_EQ(PrintQuantity(1536, Unit::kBytes), "1536B");
  EXPECT_EQ(PrintQuantity(2048, Unit::kBytes), "2KiB");
  EXPECT_EQ(PrintQuantity(1'555'000'000'000, Unit::kBytesPerSecond), "1.555TB/s");
  EXPECT_EQ(PrintQuantity(19'500'000'000'000, Unit::kFlopsPerSecond), "19.5T");
  EXPECT_EQ(PrintQuantity(1'234'567, Unit::kFlopsPerSecond), "1234.567k");
  EXPECT_EQ(PrintQuantity(0, Unit::kBytes), "0B");
}

TEST(Quantity, PrintedAmountsReadBack) {
  Random random(7);
  for (int i = 0; i < 3000; ++i) {
    int64_t amount = static_cast<int64_t>(random.Next() >> (1 + random.Below(62)));
    if (i % 3 == 0) amount = (amount >> 20) << (random.Below(20));
    if (i == 0) amount = std::numeric_limits<int64_t>::max();
    for (const Unit unit : {Unit::kBytes, Unit::kBytesPerSecond, Unit::kFlopsPerSecond}) {
      const std::string text = PrintQuantity(amount, unit);
      const auto parsed = ParseQuantity(text, unit);
      ASSERT_TRUE(parsed.ok()) << amount << " " << text << " " << parsed.status();
      EXPECT_EQ(*parsed, amount) << text;
    }
  }
}

TEST(Quantity, ScaledDecimalsAreExact) {
  EXPECT_EQ(ParseScaledDecimal("0.1", 1'000'000).value(), 100'000);
  EXPECT_EQ(ParseScaledDecimal("12.3456789", 1'000'000).value(), 12'345'679);
  EXPECT_EQ(ParseScaledDecimal("1.5e3", 10).value(), 15'000);
  EXPECT_EQ(ParseScaledDecimal("2E-3", 1'000'000).value(), 2'000);
  EXPECT_EQ(ParseScaledDecimal("0e99999999", 1).value(), 0);
  EXPECT_EQ(ParseScaledDecimal("1e-99999999", 1).value(), 0);
  EXPECT_EQ(ParseScaledDecimal("123456789012345678901234567890e-20", 1).value(), 1'234'567'890);
  for (const char* text : {"", ".", "-1", "+1", "1e", "1e+", "1 ", "1e99999999", "9e18000"}) {
    EXPECT_FALSE(ParseScaledDecimal(text, 10).ok()) << text;
  }
}

TEST(Duration, ReadsAndPrintsUnits) {
  EXPECT_EQ(ParseDuration("1.5us").value(), 1'500'000);
  EXPECT_EQ(ParseDuration(" 3 ms ").value(), 3'000'000'000);
  EXPECT_EQ(ParseDuration("0.5ps").value(), 1) << "half up";
  EXPECT_EQ(ParseDuration("2s").value(), 2'000'000'000'000);
  EXPECT_EQ(ParseDuration("7ns").value(), 7000);
  for (const char* text : {"", "us", "3", "-3us", "3 weeks", "1.2.3s", "3m", "3 u s"}) {
    EXPECT_EQ(
        ParseDuration(text).status().message(),
        std::string("cannot read '") + text + "'; write it like '1.5us', with ps, ns, us, ms or s");
  }
  EXPECT_EQ(ParseDuration("99999999999s").status().message(), "'99999999999s' is too large");
  EXPECT_EQ(PrintDuration(0), "0ps");
  EXPECT_EQ(PrintDuration(999), "999ps");
  EXPECT_EQ(PrintDuration(12'500'000), "12.5us");
  EXPECT_EQ(PrintDuration(1'000'000'000'001), "1000000000.001ns");
}

TEST(Duration, PrintsWhatReadsBack) {
  Random random(3);
  for (int i = 0; i < 5000; ++i) {
    Picos time = random.Below(int64_t{1} << random.Between(1, 62));
    if (random.Below(2) == 0) time -= time % 1'000'000;
    const std::string text = PrintDuration(time);
    ASSERT_EQ(ParseDuration(text).value(), time) << text;
  }
}

}  // namespace
}  // namespace allot
