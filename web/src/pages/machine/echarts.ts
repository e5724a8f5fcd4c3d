// Only the parts of ECharts that trends use; the rest stays out of the bundle.
import { CustomChart, LineChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([LineChart, CustomChart, GridComponent, CanvasRenderer]);

export { init };
export type { EChartsType } from "echarts/core";
