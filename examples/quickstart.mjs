// From a bill to its costs: node quickstart.mjs BILL, a FOCUS file (CSV, CSV.gz, Parquet), a folder or a glob.

import { FinopsError, Iof } from "iof";

const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error("usage: node quickstart.mjs BILL");
  process.exit(1);
}
const iof = await Iof.open(":memory:", { decimals: "string" });
try {
  const receipt = await iof.finops.importCharges(path);
  console.log(`${receipt.rows} rows, ${receipt.charges} charges, ${receipt.quarantined} set aside`);
  console.table(receipt.totals, ["currency", "billed", "effective", "contracted", "list"]);
  for (const period of receipt.billing_periods) {
    const { breakdown } = await iof.finops.getCostSummary({ period, group_by: "service", limit: 20 });
    console.log(`\n${period} by service`);
    console.table(breakdown, ["service", "cost", "share", "charges"]);
    const { days } = await iof.finops.costs.daily({ period });
    console.log(`\n${period} by day`);
    console.table(days, ["date", "total"]);
  }
} catch (error) {
  if (!(error instanceof FinopsError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
} finally {
  await iof.close();
}
