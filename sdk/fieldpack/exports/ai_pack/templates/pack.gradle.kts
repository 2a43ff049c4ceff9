plugins {
    id("com.android.ai-pack")
}

aiPack {
    packName.set("@PACK@")
    dynamicDelivery {
        deliveryType.set("@DELIVERY@")
    }
}
